import type { ListedSession } from "@libs/database";
import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { gatewayVariables } from "../../command/common-variables.ts";
import { toJson } from "../../command/to-json.ts";
import { withHelp } from "../../command/with-help.ts";
import { withPeople } from "../../command/with-people.ts";
import { formatMinute } from "../../ui/format-minute.ts";
import { renderList } from "../../ui/render-list.ts";
import { wholeNumber } from "../users/scan-options.ts";
import { addSessionFlags, filterOf, type SessionFlags } from "./session-flags.ts";

interface Flags extends SessionFlags {
  ended?: boolean;
  limit?: number;
  json?: boolean;
}

const SHOWN = 50;

/** `authctl sessions list` */
export function addSessionsList(sessions: Command, context: CommandContext): void {
  const command = addSessionFlags(sessions.command("list"))
    .description("live sessions, newest first")
    .option("--ended", "also ended ones, as long as they are kept")
    .option("--limit <n>", "maximum number; default 50, all with --json", wholeNumber(1, 100_000_000))
    .option("--json", "NDJSON, one session per line");
  withHelp(command, {
    examples: [
      ["sessions list --user ada@example.com", "of one user"],
      ["sessions list --ip 203.0.113.0/24 --newer-than 24h", "from a network, since yesterday"],
      ["sessions list --idle 30d --json", "for scripts"],
    ],
    variables: gatewayVariables,
  }).action((flags: Flags) => sessionsList(context, flags));
}

async function sessionsList(context: CommandContext, flags: Flags): Promise<void> {
  const { terminal } = context;
  await withPeople(context, async (people) => {
    const limit = flags.limit ?? (flags.json ? Number.POSITIVE_INFINITY : SHOWN);
    const filter = { ...(await filterOf(people, flags)), ...(flags.ended && { ended: true }) };
    const shown: ListedSession[] = [];
    let count = 0;
    for await (const session of people.listSessions(filter)) {
      count += 1;
      if (count > limit) break;
      if (flags.json) terminal.print(toJson(session));
      else shown.push(session);
    }
    if (flags.json) return;
    if (shown.length === 0) {
      terminal.print("No such sessions.");
      return;
    }
    terminal.print(
      renderList(terminal, ["session", "user", "started", "last seen", "from", "state"], shown.map(rowOf)),
    );
    if (count > limit) terminal.print(`There are more: --limit ${limit * 10} shows more of them, --json all.`);
  });
}

const rowOf = ({ sessionId, username, startedAt, lastSeenAt, ipAddress, endedAt, endReason }: ListedSession) => [
  sessionId,
  username,
  formatMinute(startedAt),
  formatMinute(lastSeenAt),
  ipAddress ?? "–",
  endedAt ? `ended: ${endReason}` : "live",
];
