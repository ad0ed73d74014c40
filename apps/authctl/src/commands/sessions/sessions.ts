import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { addSessionsList } from "./sessions-list.ts";
import { addSessionsRevoke } from "./sessions-revoke.ts";

/** `authctl sessions …` */
export function addSessionsCommands(program: Command, context: CommandContext): void {
  const sessions = program.command("sessions").description("the application's sessions: list, end on both sides");
  addSessionsList(sessions, context);
  addSessionsRevoke(sessions, context);
}
