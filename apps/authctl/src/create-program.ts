import { Command } from "commander";
import type { CommandContext } from "./command/command-context.ts";
import { addDbCommands } from "./commands/db/db.ts";
import { addDoctor } from "./commands/doctor/doctor.ts";
import { addFeedCommands } from "./commands/feed/feed.ts";
import { addKeysCommands } from "./commands/keys/keys.ts";
import { addRealmCommands } from "./commands/realm/realm.ts";
import { addRegistrationsCommands } from "./commands/registrations/registrations.ts";
import { addRolesCommands } from "./commands/roles/roles.ts";
import { addSessionsCommands } from "./commands/sessions/sessions.ts";
import { addUsersCommands } from "./commands/users/users.ts";

const EXIT_CODES = `
Exit codes:
  0    done, and nothing is wrong
  1    failed, or something needs an operator (doctor: an error)
  2    usage error: arguments, variables
  3    users verify: there are differences
  130  interrupted

NO_COLOR=1 turns colours off; they are also off where output is not a terminal.`;

/** The operator's commands: each a thin shell over a library. */
export function createProgram(context: CommandContext): Command {
  const program = new Command("authctl")
    .description("Sets up and maintains the gateway's Keycloak realm and database.")
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText("after", EXIT_CODES);
  addDoctor(program, context);
  addUsersCommands(program, context);
  addSessionsCommands(program, context);
  addRolesCommands(program, context);
  addRegistrationsCommands(program, context);
  addRealmCommands(program, context);
  addKeysCommands(program, context);
  addDbCommands(program, context);
  addFeedCommands(program, context);
  pointToHelp(program);
  return program;
}

/** After a mistake, to the help of the very command that it was made with. */
function pointToHelp(command: Command, line = command.name()): void {
  const { commands } = command;
  command.showHelpAfterError(`(${line} --help ${commands.length > 0 ? "lists the commands" : "shows its options"})`);
  for (const child of commands) pointToHelp(child, `${line} ${child.name()}`);
}
