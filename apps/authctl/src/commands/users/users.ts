import type { Command } from "commander";
import type { CommandContext } from "../../command-context.ts";

/** `authctl users …` */
export function addUsersCommands(program: Command, _context: CommandContext): void {
  program.command("users").description("users on both sides: bring over, compare, repair, show, export, erase");
}
