import { readFeedStatus } from "@libs/keycloak-authV2/events";
import type { Command } from "commander";
import type { CommandContext } from "../../command-context.ts";
import { databaseVariables } from "../../common-variables.ts";
import { withHelp } from "../../with-help.ts";
import { withRepositories } from "../../with-repositories.ts";

/** `authctl feed status` */
export function addFeedStatus(feed: Command, context: CommandContext): void {
  const command = feed
    .command("status")
    .description("what waits, what is wrong, and the changes that could not be applied");
  withHelp(command, {
    examples: [["feed status", "the dead letters' ids are what feed replay takes"]],
    variables: databaseVariables,
  }).action(() => feedStatus(context));
}

/** @throws UsageError */
async function feedStatus({ environment, terminal: { print } }: CommandContext): Promise<void> {
  const status = await withRepositories(environment, ({ feed }) => readFeedStatus(feed));
  const { backlog, readAt, problems, deadLetters } = status;
  print(`events read: ${readAt?.toISOString() ?? "never"}`);
  const since = backlog.oldestChangedAt ? `, since ${backlog.oldestChangedAt.toISOString()}` : "";
  print(`waiting: ${backlog.waiting}${since}`);
  for (const { kind, todo } of problems) print(`problem: ${kind}: ${todo}`);
  print(`dead letters: ${backlog.dead}`);
  for (const { id, kind, subject, lastError, attempts, deadAt } of deadLetters)
    print(`  ${id} ${kind} ${subject}: ${lastError} after ${attempts} attempts, ${deadAt?.toISOString()}`);
}
