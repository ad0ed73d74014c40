import type { ListedSession, SessionMark } from "@libs/database";
import type { PersonService } from "@libs/keycloak-authV2/services/people";
import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { gatewayVariables } from "../../command/common-variables.ts";
import { ExitCode } from "../../command/exit-code.ts";
import { toJson } from "../../command/to-json.ts";
import { withHelp } from "../../command/with-help.ts";
import { NobodyFoundError, withPeople } from "../../command/with-people.ts";
import { formatMinute } from "../../ui/format-minute.ts";
import { openStatusLine, writesRecords } from "../../ui/open-status-line.ts";
import { renderList } from "../../ui/render-list.ts";
import { wholeNumber } from "../users/scan-options.ts";
import { addSessionFlags, filterOf, type SessionFlags } from "./session-flags.ts";

interface Flags extends SessionFlags {
  ended?: boolean;
  limit?: number;
  after?: string;
  json?: boolean;
}

const SHOWN = 50;

/** `authctl sessions list` */
export function addSessionsList(sessions: Command, context: CommandContext): void {
  const command = addSessionFlags(sessions.command("list"))
    .description("live sessions, newest first")
    .option("--ended", "also ended ones, as long as they are kept")
    .option("--limit <n>", "maximum number; default 50, all with --json", wholeNumber(1, 100_000_000))
    .option("--after <id>", "goes on after this session, the last one of a list that was cut short")
    .option("--json", "NDJSON, one session per line");
  withHelp(command, {
    examples: [
      ["sessions list --user ada@example.com", "of one user"],
      ["sessions list --ip 203.0.113.0/24 --newer-than 24h", "from a network, since yesterday"],
      ["sessions list --idle 30d --json", "for scripts"],
      ["sessions list --json --after 01890a5d-ac96-774b-bcce-b302099a8057", "the rest of a list that was interrupted"],
    ],
    variables: gatewayVariables,
  }).action((flags: Flags) => sessionsList(context, flags));
}

async function sessionsList(context: CommandContext, flags: Flags): Promise<void> {
  const { terminal, endWith } = context;
  await withPeople(context, async (people) => {
    const limit = flags.limit ?? (flags.json ? Number.POSITIVE_INFINITY : SHOWN);
    const filter = { ...(await filterOf(people, flags)), ...(flags.ended && { ended: true }) };
    const after = flags.after === undefined ? undefined : await markOf(people, flags.after);
    // Where output goes to a pipe or a file, a long search still shows where it is; Ctrl-C says how it goes on.
    const line = openStatusLine(terminal, { json: writesRecords(terminal, flags.json) });
    const signal = flags.json ? context.interruptible() : undefined;
    const shown: ListedSession[] = [];
    let count = 0;
    let last: ListedSession | undefined;
    const onPage = (reached: Date) =>
      line.show(`${count.toLocaleString("en")} sessions, back to ${formatMinute(reached)}`);
    try {
      for await (const session of people.listSessions(filter, { after, onPage, signal })) {
        count += 1;
        if (count > limit) break;
        last = session;
        if (flags.json) terminal.print(toJson(session));
        else shown.push(session);
      }
    } finally {
      line.close();
    }
    if (signal?.aborted) {
      endWith(ExitCode.interrupted);
      terminal.report(last ? `Stopped. --after ${last.sessionId} goes on with the rest.` : "Stopped.");
      return;
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

/** @throws NobodyFoundError when there is no such session */
async function markOf(people: PersonService, sessionId: string): Promise<SessionMark> {
  for await (const { startedAt } of people.listSessions({ sessionIds: [sessionId], ended: true }))
    return { startedAt, sessionId };
  throw new NobodyFoundError("--after: there is no such session");
}

const rowOf = ({ sessionId, username, startedAt, lastSeenAt, ipAddress, endedAt, endReason }: ListedSession) => [
  sessionId,
  username,
  formatMinute(startedAt),
  formatMinute(lastSeenAt),
  ipAddress ?? "–",
  endedAt ? `ended: ${endReason}` : "live",
];
