import { directUrlOf, migrate } from "@libs/database/migrate";
import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { directVariables } from "../../command/common-variables.ts";
import { withHelp } from "../../command/with-help.ts";
import { readVariables } from "../../input/read-variables.ts";

/** `authctl db migrate` */
export function addDbMigrate(database: Command, context: CommandContext): void {
  const command = database.command("migrate").description("apply the migrations that the database does not have yet");
  withHelp(command, {
    examples: [["db migrate", "before a new version of the gateway starts; repeatable, one run works at a time"]],
    variables: directVariables,
  }).action(() => dbMigrate(context));
}

/** @throws UsageError, MigrationError */
async function dbMigrate({ environment, terminal }: CommandContext): Promise<void> {
  const { url, variable } = directUrlOf(readVariables(directVariables, environment));
  const { applied } = await migrate(url, { variable, report: terminal.report });
  for (const name of applied) terminal.print(`applied ${name}`);
  terminal.print(applied.length === 0 ? "nothing to apply" : `${applied.length} migrations applied`);
}
