import type { UserCounts } from "@libs/database";
import { readFeedStatus } from "@libs/keycloak-authV2/events";
import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { databaseVariables } from "../../command/common-variables.ts";
import { ExitCode } from "../../command/exit-code.ts";
import { withHelp } from "../../command/with-help.ts";
import { withRepositories } from "../../command/with-repositories.ts";
import { describeRound } from "./describe-round.ts";

/** `authctl feed status` */
export function addFeedStatus(feed: Command, context: CommandContext): void {
  const command = feed
    .command("status")
    .description("waiting changes, problems, and the changes that could not be applied (dead letters)");
  withHelp(command, {
    examples: [["feed status", "exits with 1 while there is a problem; feed replay takes the ids of the dead letters"]],
    variables: databaseVariables,
  }).action(() => feedStatus(context));
}

/** @throws UsageError */
async function feedStatus({ environment, terminal: { print }, endWith }: CommandContext): Promise<void> {
  const status = await withRepositories(environment, ({ feed }) => readFeedStatus(feed));
  const { backlog, mode, readAt, problems, deadLetters, reconcile } = status;
  if (mode) print(`feed_mode: ${mode.mode}: ${mode.bound}`);
  if (!mode || mode.mode === "events") print(`events read: ${readAt?.toISOString() ?? "never"}`);
  const since = backlog.oldestChangedAt ? `, since ${backlog.oldestChangedAt.toISOString()}` : "";
  print(`waiting: ${backlog.waiting}${since}`);
  print(`users compared: ${describeRound(reconcile.users, new Date())}`);
  print(`sessions compared: ${describeRound(reconcile.sessions, new Date())}`);
  if (reconcile.counts) {
    const { at, keycloak, local, explained } = reconcile.counts;
    print(`counted: ${at.toISOString()}`);
    print(`  Keycloak: ${describeCounts(keycloak)}`);
    print(`  here: ${describeCounts(local)}`);
    if (Object.values(explained).some((count) => count !== 0)) print(`  explained: ${describeCounts(explained)}`);
  }
  for (const { kind, todo } of problems) print(`problem: ${kind}: ${todo}`);
  print(`dead letters: ${backlog.dead}`);
  for (const { id, kind, subject, lastError, attempts, deadAt } of deadLetters)
    print(`  ${id} ${kind} ${subject}: ${lastError} after ${attempts} attempts, ${deadAt?.toISOString()}`);
  if (problems.length > 0) endWith(ExitCode.failed);
}

function describeCounts({ live, enabled, emailVerified }: UserCounts): string {
  return `${live} users, ${enabled} enabled, ${emailVerified} with a verified email`;
}
