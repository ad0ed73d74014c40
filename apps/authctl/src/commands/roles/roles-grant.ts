import type { RoleGrant } from "@libs/database";
import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { databaseVariables } from "../../command/common-variables.ts";
import { ExitCode } from "../../command/exit-code.ts";
import { withHelp } from "../../command/with-help.ts";
import { printable } from "../../ui/render-table.ts";
import { addScopeFlags, describeScope, type ScopeFlags, scopeOf } from "./grant-flags.ts";
import { withAccess } from "./with-access.ts";

/** `authctl roles grant` and `authctl roles revoke` */
export function addRolesGrant(roles: Command, context: CommandContext): void {
  const grant = addScopeFlags(roles.command("grant"))
    .description("grant a role; to an email: its owner gets it once the email is verified")
    .argument("<role>", "its name")
    .argument("<who>", "a user's id or username, or an email");
  withHelp(grant, {
    examples: [
      ["roles grant clerk ada@example.com --store s-1", "also before her first login"],
      ["roles grant auditor 8d3b1d1a-…", "everywhere"],
    ],
    variables: databaseVariables,
  }).action((role: string, who: string, flags: ScopeFlags) => rolesGrant(context, role, who, flags));
  const revoke = addScopeFlags(roles.command("revoke"))
    .description("revoke a role, in exactly this scope; guards refuse within a second")
    .argument("<role>", "its name")
    .argument("<who>", "as it was granted");
  withHelp(revoke, {
    examples: [["roles revoke clerk ada@example.com --store s-1", "what roles grants shows as store s-1"]],
    variables: databaseVariables,
  }).action((role: string, who: string, flags: ScopeFlags) => rolesRevoke(context, role, who, flags));
}

async function rolesGrant(context: CommandContext, role: string, who: string, flags: ScopeFlags): Promise<void> {
  const scope = scopeOf(flags);
  const { grant, isNew } = await withAccess(context, async ({ access, by, findGrantee }) =>
    access.grant({ role, to: await findGrantee(who), ...(scope && { scope }) }, by),
  );
  const waits = grant.userId === null ? ", once the email is verified" : "";
  context.terminal.print(`${isNew ? "granted" : "held already"}: ${describe(grant)}${waits}`);
}

async function rolesRevoke(context: CommandContext, role: string, who: string, flags: ScopeFlags): Promise<void> {
  const { terminal, endWith } = context;
  const scope = scopeOf(flags);
  const revoked = await withAccess(context, async ({ access, by, findGrantee }) =>
    access.revoke({ role, to: await findGrantee(who), ...(scope && { scope }) }, by),
  );
  for (const grant of revoked) terminal.print(`revoked: ${describe(grant)}`);
  if (revoked.length > 0) return;
  terminal.report("There is no such grant: authctl roles grants --of shows what there is.");
  endWith(ExitCode.failed);
}

function describe(grant: RoleGrant): string {
  return printable(`${grant.role} to ${grant.userId ?? grant.email}, ${describeScope(grant)}`);
}
