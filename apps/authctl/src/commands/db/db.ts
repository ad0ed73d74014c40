import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { addDbMigrate } from "./db-migrate.ts";

/** `authctl db …` */
export function addDbCommands(program: Command, context: CommandContext): void {
  addDbMigrate(program.command("db").description("the application's database"), context);
}
