import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { databaseVariables } from "../../command/common-variables.ts";
import { withHelp } from "../../command/with-help.ts";
import { renderTable } from "../../ui/render-table.ts";
import { describeScope } from "./grant-flags.ts";
import { type Access, withAccess } from "./with-access.ts";

/** `authctl roles permissions` */
export function addRolesPermissions(roles: Command, context: CommandContext): void {
  const command = roles
    .command("permissions")
    .description("the permissions that services know; or what one user may do, and where")
    .argument("[who]", "a user's id or username, or an email")
    .option("--json", "NDJSON, one permission per line");
  withHelp(command, {
    examples: [
      ["roles permissions", "what roles can hold"],
      ["roles permissions ada@example.com", "what she may do"],
    ],
    variables: databaseVariables,
  }).action((who: string | undefined, { json }: { json?: boolean }) => rolesPermissions(context, who, json === true));
}

async function rolesPermissions(context: CommandContext, who: string | undefined, json: boolean): Promise<void> {
  const { terminal } = context;
  const print = (head: string[], listed: readonly object[], rows: (string | null)[][], none: string) => {
    if (json) for (const one of listed) terminal.print(JSON.stringify(one));
    else terminal.print(rows.length > 0 ? renderTable(terminal, head, rows) : none);
  };
  await withAccess(context, async (from) => {
    if (who === undefined) {
      const known = await from.access.listPermissions();
      const rows = known.map(({ name, description }) => [name, description]);
      return print(["permission", "what it allows"], known, rows, "No service has registered permissions yet.");
    }
    const userId = await findUserId(from, who);
    const held = userId === null ? [] : await from.access.permissionsOf(userId);
    const rows = held.map((grant) => [grant.permission, describeScope(grant)]).toSorted();
    print(["permission", "where"], held, rows, "None.");
  });
}

/** @returns null: whoever has the email has nothing yet, and may not be here */
async function findUserId({ access, findGrantee }: Access, who: string): Promise<string | null> {
  const grantee = await findGrantee(who);
  if ("userId" in grantee) return grantee.userId;
  // Grants of an email's user name that user.
  return (await access.listGrants({ grantee })).find(({ userId }) => userId !== null)?.userId ?? null;
}
