import { Command } from "commander";
import { dbMigrate, dbMigrateVariables } from "./commands/db-migrate.ts";
import { feedReplay, feedStatus, feedVariables } from "./commands/feed.ts";
import { realmApply, realmApplyVariables } from "./commands/realm-apply.ts";
import type { Environment } from "./read-variables.ts";

export interface ProgramDeps {
  environment: Environment;
  print: (line: string) => void;
}

/** The operator's commands: each a thin shell over a library. */
export function createProgram({ environment, print }: ProgramDeps): Command {
  const program = new Command("authctl")
    .description("Sets up and looks after the gateway's Keycloak realm and database.")
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError("(authctl --help lists the commands)");
  const realm = program.command("realm").description("the Keycloak realm");
  realm
    .command("apply")
    .description("set up the realm, or bring it in line; repeatable, prints what it changes")
    .addHelpText("after", `\nVariables:\n${realmApplyVariables}`)
    .action(() => realmApply(environment, print));
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
