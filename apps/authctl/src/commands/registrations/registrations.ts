import { createDatabase, createRepositories, type Registration, type RegistrationRepository } from "@libs/database";
import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { databaseVariables } from "../../command/common-variables.ts";
import { withHelp } from "../../command/with-help.ts";
import { type Environment, readVariables } from "../../input/read-variables.ts";
import { UsageError } from "../../input/usage-error.ts";
import { confirm } from "../../ui/confirm.ts";
import { renderTable } from "../../ui/render-table.ts";
import type { Terminal } from "../../ui/terminal.ts";
import { wholeNumber } from "../users/scan-options.ts";

/** What to do about each reason, as in docs/operations.md. */
const ADVICE: Record<string, string> = {
  "registration.too_old": "over a day old; retry deletes its Keycloak user, if it has one",
  "registration.user_in_use": "its Keycloak user is in use here now: keep it (docs/operations.md)",
  "registration.mark_missing": "its Keycloak user lost the mark: find out who changed it (docs/operations.md)",
};

/** `authctl registrations …` */
export function addRegistrationsCommands(program: Command, context: CommandContext): void {
  const registrations = program.command("registrations").description("registrations that are not finished");
  const list = registrations
    .command("list")
    .description("those that need an operator (parked), and those that recovery is working on; oldest first")
    .option("--limit <rows>", "maximum number; default 100", wholeNumber(1, 10_000))
    .option("--json", "NDJSON instead of a table");
  withHelp(list, {
    examples: [
      ["registrations list", "what is parked, and why"],
      ["registrations list --json", "for scripts"],
    ],
    variables: databaseVariables,
  }).action((flags: ListFlags) => listRegistrations(context, flags));
  const retry = registrations
    .command("retry")
    .description("hand them back to recovery: what was never completed is deleted in Keycloak")
    .argument("[ids...]", "as the list shows them; default: all that are parked")
    .option("--yes", "does not ask");
  withHelp(retry, {
    examples: [
      ["registrations retry", "all that are parked"],
      ["registrations retry 0193b2c4-… --yes", "this one, without asking"],
    ],
    variables: databaseVariables,
  }).action((ids: string[], flags: { yes?: boolean }) => retryRegistrations(context, ids, flags));
}

interface ListFlags {
  limit?: number;
  json?: boolean;
}

async function listRegistrations({ environment, terminal }: CommandContext, flags: ListFlags): Promise<void> {
  const limit = flags.limit ?? 100;
  const [rows, backlog] = await withRegistrations(environment, (port) =>
    Promise.all([port.listOpen(limit), port.backlog()]),
  );
  if (flags.json) {
    // Not the profile: what somebody asked for is not needed here.
    for (const { profile: _, ...row } of rows) terminal.print(JSON.stringify(row));
    return;
  }
  if (rows.length === 0) {
    terminal.print("no registration is open");
    return;
  }
  printRows(terminal, rows);
  const { parked, pending, undoing } = backlog;
  terminal.print(`${parked} parked, ${pending + undoing} in progress; rows here: ${rows.length}`);
}

function printRows(terminal: Terminal, rows: readonly Registration[]): void {
  const head = ["id", "state", "username", "since", "attempts", "why"];
  const cells = rows.map(({ id, state, parkedAt, username, createdAt, attempts, lastError }) => {
    const advice = parkedAt && lastError ? ADVICE[lastError] : undefined;
    const why = [lastError ?? "–", ...(advice ? [advice] : [])].join(": ");
    return [id, parkedAt ? `${state}, parked` : state, username, createdAt.toISOString(), attempts, why];
  });
  terminal.print(renderTable(terminal, head, cells));
}

async function retryRegistrations(
  { environment, terminal }: CommandContext,
  ids: string[],
  { yes }: { yes?: boolean },
): Promise<void> {
  if (ids.some((id) => id.trim() === ""))
    throw new UsageError("not an id: use one that authctl registrations list shows");
  const whom = ids.length > 0 ? `these ${ids.length}` : "all that are parked";
  const question = `Hand ${whom} back to recovery? A Keycloak user that was never completed here is deleted there.`;
  if (!(await confirm(terminal, question, yes === true))) {
    terminal.report("Nothing was changed.");
    return;
  }
  const again = await withRegistrations(environment, (port) =>
    port.retry(new Date(), ids.length > 0 ? ids : undefined),
  );
  const unknown = ids.filter((id) => !again.includes(id));
  for (const id of unknown) terminal.report(`${id} is not open: nothing to do`);
  terminal.print(`${again.length} handed back to the gateway's recovery`);
}

async function withRegistrations<T>(
  environment: Environment,
  work: (port: RegistrationRepository) => Promise<T>,
): Promise<T> {
  const { DATABASE_URL } = readVariables(databaseVariables, environment);
  const database = createDatabase(DATABASE_URL, { poolSize: 2, applicationName: "authctl" });
  try {
    return await work(createRepositories(database).registrations);
  } finally {
    await database.$disconnect();
  }
}
