import type { SessionFilter } from "@libs/database";
import { CALLED_AT_MOST, type PersonService } from "@libs/keycloak-authV2/services/people";
import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { gatewayVariables } from "../../command/common-variables.ts";
import { ExitCode } from "../../command/exit-code.ts";
import { toJson } from "../../command/to-json.ts";
import { withHelp } from "../../command/with-help.ts";
import { withPeople } from "../../command/with-people.ts";
import { UsageError } from "../../input/usage-error.ts";
import { confirm } from "../../ui/confirm.ts";
import { formatMinute } from "../../ui/format-minute.ts";
import { openStatusLine, writesRecords } from "../../ui/open-status-line.ts";
import { addSessionFlags, filterOf, type SessionFlags } from "./session-flags.ts";

interface Flags extends SessionFlags {
  everywhere?: boolean;
  all?: boolean;
  yes?: boolean;
  json?: boolean;
}

/** `authctl sessions revoke` */
export function addSessionsRevoke(sessions: Command, context: CommandContext): void {
  const command = addSessionFlags(sessions.command("revoke"))
    .description("end live sessions on both sides: these, or those of the options")
    .argument("[ids...]", "session ids, as sessions list shows them")
    .option("--everywhere", "with --user: also the user's sessions with other clients of the realm")
    .option("--all", "every session of everybody")
    .option("--yes", "does not ask")
    .option("--json", "NDJSON, one session per line");
  withHelp(command, {
    examples: [
      ["sessions revoke --user ada@example.com --everywhere", "signs one user out of everything"],
      ["sessions revoke --ip 203.0.113.0/24 --yes", "all sessions from a network"],
      ["sessions revoke --idle 30d", "sessions that were not used for a month"],
    ],
    variables: gatewayVariables,
  }).action((ids: string[], flags: Flags) => sessionsRevoke(context, ids, flags));
}

async function sessionsRevoke(context: CommandContext, ids: string[], flags: Flags): Promise<void> {
  const { user, ip, olderThan, newerThan, idle, everywhere, all } = flags;
  const chosen = ids.length > 0 || [user, ip, olderThan, newerThan, idle].some((flag) => flag !== undefined);
  if (!chosen && !all)
    throw new UsageError("choose sessions: session ids, --user, --ip, --older-than, --idle …, or --all");
  if (chosen && all) throw new UsageError("--all can't be combined with another choice");
  if (
    everywhere &&
    (user === undefined || ids.length > 0 || [ip, olderThan, newerThan, idle].some((flag) => flag !== undefined))
  )
    throw new UsageError("--everywhere needs --user, and no other choice");
  await withPeople(context, async (people) => {
    const filter = { ...(await filterOf(people, flags)), ...(ids.length > 0 && { sessionIds: ids }) };
    await revoke(context, people, filter, flags);
  });
}

async function revoke(
  { terminal, interruptible, endWith }: CommandContext,
  people: PersonService,
  filter: SessionFilter,
  { everywhere, yes, json }: Flags,
): Promise<void> {
  if (yes !== true) {
    const question = `End ${await count(people, filter)} live sessions, here and in Keycloak?`;
    if (!(await confirm(terminal, question, false))) {
      terminal.report("Nothing was ended.");
      return;
    }
  }
  const signal = interruptible();
  const line = openStatusLine(terminal, { json: writesRecords(terminal, json) });
  let ended = 0;
  const onPage = (reached: Date) =>
    line.show(`${ended.toLocaleString("en")} sessions ended, back to those of ${formatMinute(reached)}`);
  try {
    for await (const session of people.revokeSessions(filter, signal, onPage)) {
      ended += 1;
      if (json) terminal.print(toJson(session));
    }
  } finally {
    line.close();
  }
  if (ended > CALLED_AT_MOST)
    terminal.report("They have ended here. The gateway ends them in Keycloak: see keycloak_logouts_waiting.");
  if (signal.aborted) {
    endWith(ExitCode.interrupted);
    terminal.report(`Stopped after ${ended.toLocaleString("en")}. The same command continues with the rest.`);
    return;
  }
  if (everywhere && filter.userId !== undefined) ended += await people.revokeEverywhere(filter.userId);
  if (!json)
    terminal.print(`${ended.toLocaleString("en")} sessions ended${everywhere ? ", and those of other clients" : ""}.`);
}

async function count(people: PersonService, filter: SessionFilter): Promise<string> {
  const most = 10_000;
  let count = 0;
  for await (const _ of people.listSessions(filter)) {
    count += 1;
    if (count > most) return `more than ${most.toLocaleString("en")}`;
  }
  return count.toLocaleString("en");
}
