import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { databaseVariables } from "../../command/common-variables.ts";
import { withHelp } from "../../command/with-help.ts";
import { renderTable } from "../../ui/render-table.ts";
import { withAccess } from "./with-access.ts";

/** `authctl roles list` */
export function addRolesList(roles: Command, context: CommandContext): void {
  const command = roles
    .command("list")
    .description("roles and their permissions")
    .option("--json", "NDJSON, one role per line");
  withHelp(command, {
    examples: [
      ["roles list", "all of them"],
      ["roles list --json", "for scripts"],
    ],
    variables: databaseVariables,
  }).action(({ json }: { json?: boolean }) => rolesList(context, json === true));
}

async function rolesList(context: CommandContext, json: boolean): Promise<void> {
  const { terminal } = context;
  const listed = await withAccess(context, ({ access }) => access.listRoles());
  if (json) return listed.forEach((role) => void terminal.print(JSON.stringify(role)));
  if (listed.length === 0) return terminal.print("There are no roles yet: authctl roles define creates one.");
  const rows = listed.map(({ name, permissions, description }) => [name, permissions.join(", ") || null, description]);
  terminal.print(renderTable(terminal, ["role", "permissions", "what it is for"], rows));
}
