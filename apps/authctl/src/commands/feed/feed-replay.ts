import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { databaseVariables } from "../../command/common-variables.ts";
import { withHelp } from "../../command/with-help.ts";
import { withRepositories } from "../../command/with-repositories.ts";
import { UsageError } from "../../input/usage-error.ts";

/** `authctl feed replay` */
export function addFeedReplay(feed: Command, context: CommandContext): void {
  const command = feed
    .command("replay")
    .description("handle changes that could not be applied (dead letters) again")
    .argument("[ids...]", "as the status shows them; default: all");
  withHelp(command, {
    examples: [
      ["feed replay", "all of them"],
      ["feed replay 17 18", "these two"],
    ],
    variables: databaseVariables,
  }).action((ids: string[]) => feedReplay(context, ids));
}

/** @throws UsageError */
async function feedReplay({ environment, terminal }: CommandContext, ids: string[]): Promise<void> {
  if (ids.some((id) => !/^\d{1,18}$/.test(id)))
    throw new UsageError("an id is a number, as authctl feed status shows it");
  const chosen = ids.length > 0 ? ids.map(BigInt) : undefined;
  const count = await withRepositories(environment, ({ feed }) => feed.replay(new Date(), chosen));
  terminal.print(`${count} ${count === 1 ? "is" : "are"} handled again`);
}
