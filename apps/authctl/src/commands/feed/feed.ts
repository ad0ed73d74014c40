import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { addFeedReplay } from "./feed-replay.ts";
import { addFeedStatus } from "./feed-status.ts";

/** `authctl feed …` */
export function addFeedCommands(program: Command, context: CommandContext): void {
  const feed = program.command("feed").description("the change feed from Keycloak");
  addFeedStatus(feed, context);
  addFeedReplay(feed, context);
}
