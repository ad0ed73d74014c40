import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { gatewayVariables } from "../../command/common-variables.ts";
import { toJson } from "../../command/to-json.ts";
import { withHelp } from "../../command/with-help.ts";
import { NobodyFoundError, withPeople } from "../../command/with-people.ts";

/** `authctl users export` */
export function addUsersExport(users: Command, context: CommandContext): void {
  const command = users
    .command("export")
    .description("everything that is stored about a person, on both sides, as JSON; no passwords, no tokens")
    .argument("<id>", "Keycloak's user id, as users show prints it")
    .option("--output <file>", "into a file that only its owner may read, instead of standard output");
  withHelp(command, {
    examples: [["users export 9f0c1f52-6c52-4f0e-9a53-5b1f1f1d7a11 --output ada.json", "into a file"]],
    variables: gatewayVariables,
  }).action((id: string, flags: { output?: string }) => usersExport(context, id, flags));
}

async function usersExport(context: CommandContext, id: string, { output }: { output?: string }): Promise<void> {
  const { terminal } = context;
  const held = await withPeople(context, (people) => people.export(id));
  if (!held) throw new NobodyFoundError("neither side stores anything for this id");
  if (output === undefined) {
    terminal.print(toJson(held, 2));
    return;
  }
  writeFileSync(output, `${toJson(held, 2)}\n`, { mode: 0o600 });
  terminal.report(`written to ${output}`);
}
