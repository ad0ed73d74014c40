import { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { dbMigrate, dbMigrateVariables } from "./commands/db-migrate.ts";
import { addDoctor } from "./commands/doctor/doctor.ts";
import { feedReplay, feedStatus, feedVariables } from "./commands/feed.ts";
import { addKeysCommands } from "./commands/keys/keys.ts";
import { addRealmCommands } from "./commands/realm/realm.ts";
import { addRegistrationsCommands } from "./commands/registrations/registrations.ts";
import { addRolesCommands } from "./commands/roles/roles.ts";
import { addSessionsCommands } from "./commands/sessions/sessions.ts";
import { addUsersCommands } from "./commands/users/users.ts";

const EXIT_CODES = `
Exit codes:
  0    done, and nothing is wrong
  1    failed
  2    used in a wrong way: arguments, variables
  3    users verify: there are differences
  130  interrupted

NO_COLOR=1 turns colours off; where output is not a terminal there are none.`;

/** The operator's commands: each a thin shell over a library. */
export function createProgram(context: CommandContext): Command {
  const { environment, terminal } = context;
  const { print } = terminal;
  const program = new Command("authctl")
    .description("Sets up and looks after the gateway's Keycloak realm and database.")
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError("(authctl --help lists the commands)")
    .addHelpText("after", EXIT_CODES);
  addDoctor(program, context);
  addUsersCommands(program, context);
  addSessionsCommands(program, context);
  addRolesCommands(program, context);
  addRegistrationsCommands(program, context);
  addRealmCommands(program, context);
  addKeysCommands(program, context);
  const database = program.command("db").description("the application's database");
  database
    .command("migrate")
    .description("apply the migrations that the database does not have yet")
    .addHelpText("after", `\nVariables:\n${dbMigrateVariables}`)
    .action(() => dbMigrate(environment, print));
  const feed = program.command("feed").description("the change feed from Keycloak");
  feed
    .command("status")
    .description("what waits, what is wrong, and the changes that could not be applied")
    .addHelpText("after", `\nVariables:\n${feedVariables}`)
    .action(() => feedStatus(environment, print));
  feed
    .command("replay")
    .description("have changes that could not be applied handled again")
    .argument("[ids...]", "as the status shows them; default: all")
    .addHelpText("after", `\nVariables:\n${feedVariables}`)
    .action((ids: string[]) => feedReplay(environment, print, ids));
  return program;
}
