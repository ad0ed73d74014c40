import { createDatabase, createRepositories } from "@libs/database";
import { KeyRingError, parseKeyRing } from "@libs/keycloak-authV2";
import { type ReencryptResult, reencryptTokens } from "@libs/keycloak-authV2/services/keys";
import type { Command } from "commander";
import { z } from "zod";
import type { CommandContext } from "../../command/command-context.ts";
import { databaseVariables } from "../../command/common-variables.ts";
import { ExitCode } from "../../command/exit-code.ts";
import { withHelp } from "../../command/with-help.ts";
import { readVariables } from "../../input/read-variables.ts";
import { UsageError } from "../../input/usage-error.ts";
import { openStatusLine } from "../../ui/open-status-line.ts";
import type { Terminal } from "../../ui/terminal.ts";
import { wholeNumber } from "../users/scan-options.ts";
import { isLeft, printKeyUses } from "./print-key-uses.ts";

interface Flags {
  maxRate?: number;
  batchSize?: number;
  outageMinutes?: number;
  json?: boolean;
}

const variables = databaseVariables.extend({
  TOKEN_ENCRYPTION_KEYS: z.string().describe("id:base64,… as the gateway has it: values are moved to the first"),
});

const QUERY_TIMEOUT_MS = 30_000;
const JSON_PROGRESS_MS = 1_000;

/** `authctl keys reencrypt` */
export function addKeysReencrypt(keys: Command, context: CommandContext): void {
  const command = keys
    .command("reencrypt")
    .description("move every stored token to the first key, while traffic runs; shows when an old key can be removed")
    .option("--max-rate <sessions/s>", "maximum sessions per second", wholeNumber(1, 1_000_000))
    .option("--batch-size <sessions>", "sessions per statement; default 100", wholeNumber(1, 1_000))
    .option("--outage-minutes <n>", "how long to wait for an outage to end; default 30", wholeNumber(0, 10_080))
    .option("--json", "NDJSON on standard output instead of a table");
  withHelp(command, {
    examples: [
      ["keys reencrypt", "after the new key is first on every replica"],
      ["keys reencrypt --max-rate 500", "slowly, while people use it"],
      ["keys reencrypt --json | tail -1", "the result alone, for scripts"],
    ],
    variables,
  }).action((flags: Flags) => keysReencrypt(context, flags));
}

async function keysReencrypt(context: CommandContext, flags: Flags): Promise<void> {
  const { environment, terminal, interruptible, endWith } = context;
  const given = readVariables(variables, environment);
  assertKeyRing(given.TOKEN_ENCRYPTION_KEYS);
  const database = createDatabase(given.DATABASE_URL, {
    poolSize: 2,
    queryTimeoutMs: QUERY_TIMEOUT_MS,
    applicationName: "authctl",
  });
  const line = openStatusLine(terminal, flags);
  const write = jsonWriter(terminal, flags);
  const { maxRate, batchSize, outageMinutes } = flags;
  try {
    const result = await reencryptTokens(createRepositories(database), {
      tokenEncryptionKeys: given.TOKEN_ENCRYPTION_KEYS,
      ...(maxRate !== undefined && { maxRate }),
      ...(batchSize !== undefined && { batchSize }),
      ...(outageMinutes !== undefined && { outageMs: outageMinutes * 60_000 }),
      signal: interruptible(),
      onProgress(progress) {
        const { pass, scanned, moved, waitingFor } = progress;
        const wait = waitingFor ? `, waiting for the database: ${waitingFor}` : "";
        line.show(`${moved.toLocaleString("en")} moved, ${scanned.toLocaleString("en")} seen (pass ${pass})${wait}`);
        write("progress", progress);
      },
    });
    line.close();
    if (flags.json) terminal.print(JSON.stringify({ type: "result", ...result }));
    else printResult(terminal, result);
    if (result.interrupted) {
      endWith(ExitCode.interrupted);
      terminal.report(terminal.reportColors.yellow("Stopped. The same command continues where it stopped."));
    } else if (result.keys?.some(isLeft)) endWith(ExitCode.failed);
  } finally {
    line.close();
    await database.$disconnect();
  }
}

function assertKeyRing(text: string): void {
  try {
    parseKeyRing(text);
  } catch (error) {
    if (error instanceof KeyRingError) throw new UsageError(`TOKEN_ENCRYPTION_KEYS is not valid: ${error.message}`);
    throw error;
  }
}

/** Writes at most once a second: a batch may take a millisecond. */
function jsonWriter(terminal: Terminal, { json }: Flags): (type: string, record: object) => void {
  let writtenAt = 0;
  return (type, record) => {
    if (!json || Date.now() - writtenAt < JSON_PROGRESS_MS) return;
    writtenAt = Date.now();
    terminal.print(JSON.stringify({ type, ...record }));
  };
}

function printResult(terminal: Terminal, { moved, undecryptable, keys }: ReencryptResult): void {
  terminal.print(`${moved.toLocaleString("en")} sessions moved`);
  if (undecryptable.count > 0) {
    terminal.print(
      `${undecryptable.count.toLocaleString("en")} sessions hold tokens that no key here decrypts; left as they are:`,
    );
    for (const id of undecryptable.sessionIds.slice(0, 10)) terminal.print(`  ${id}`);
  }
  if (keys) printKeyUses(terminal, keys);
}
