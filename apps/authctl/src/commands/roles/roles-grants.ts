import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { databaseVariables } from "../../command/common-variables.ts";
import { withHelp } from "../../command/with-help.ts";
import { formatTime } from "../../ui/format-time.ts";
import { renderTable } from "../../ui/render-table.ts";
import { wholeNumber } from "../users/scan-options.ts";
import { describeScope } from "./grant-flags.ts";
import { withAccess } from "./with-access.ts";

interface Flags {
  role?: string;
  of?: string;
  limit?: number;
  json?: boolean;
}

/** `authctl roles grants` */
export function addRolesGrants(roles: Command, context: CommandContext): void {
  const command = roles
    .command("grants")
    .description("role grants: user, role, scope, who granted it and when; newest first")
    .option("--role <name>", "of this role")
    .option("--of <who>", "of this user: id, username or email")
    .option("--limit <n>", "maximum number; default 100", wholeNumber(1, 1_000_000))
    .option("--json", "NDJSON, one grant per line");
  withHelp(command, {
    examples: [
      ["roles grants --role clerk", "who is a clerk"],
      ["roles grants --of ada@example.com", "the grants of a user, or those that wait for that email"],
    ],
    variables: databaseVariables,
  }).action((flags: Flags) => rolesGrants(context, flags));
}

async function rolesGrants(context: CommandContext, { role, of, limit = 100, json }: Flags): Promise<void> {
  const { terminal } = context;
  const grants = await withAccess(context, async ({ access, findGrantee }) => {
    const grantee = of === undefined ? undefined : await findGrantee(of);
    return await access.listGrants({ ...(role !== undefined && { role }), ...(grantee && { grantee }) }, limit);
  });
  if (json) return grants.forEach((grant) => void terminal.print(JSON.stringify(grant)));
  if (grants.length === 0) return terminal.print("No such grants.");
  const rows = grants.map((grant) => [
    grant.role,
    grant.userId ?? `${grant.email} (waits for the email to be verified)`,
    describeScope(grant),
    grant.grantedBy,
    formatTime(grant.grantedAt),
  ]);
  terminal.print(renderTable(terminal, ["role", "who", "where", "granted by", "at"], rows));
}
