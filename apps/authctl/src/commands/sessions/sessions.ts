import type { Command } from "commander";
import type { CommandContext } from "../../command-context.ts";

/** `authctl sessions …` */
export function addSessionsCommands(program: Command, _context: CommandContext): void {
  program.command("sessions").description("the application's sessions");
}
