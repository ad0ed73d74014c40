import {
  type BulkProgress,
  type BulkRunOptions,
  BulkService,
  type SyncResult,
  type VerifyResult,
} from "@libs/keycloak-authV2/services/bulk";
import type { CommandContext } from "../../command/command-context.ts";
import { withConnection } from "../../command/connect.ts";
import { ExitCode } from "../../command/exit-code.ts";
import { keepMemoryLow } from "../../command/keep-memory-low.ts";
import { openProgressDisplay } from "../../ui/open-progress-display.ts";
import { openReport, type ReportRow } from "../../ui/open-report.ts";
import type { Counting } from "../../ui/progress-text.ts";
import { runOptions, type ScanFlags } from "./scan-options.ts";

/** What a scan is run with, beside the options that all of them have. */
export interface Scan<Result extends SyncResult | VerifyResult> {
  flags: ScanFlags;
  counting: Counting;
  /** Of the report, as CSV. */
  columns: readonly string[];
  /** Which kind of record goes into the report; with `--json` all of them are written. */
  reported: string;
  /** @param found takes each record as it comes */
  run: (bulk: BulkService, options: BulkRunOptions, found: (type: string, row: ReportRow) => void) => Promise<Result>;
  /** How an interrupted one goes on. */
  howToGoOn: string;
}

const JSON_PROGRESS_MS = 1_000;

/**
 * Runs one scan of all users with its bar, its report and its way to be stopped.
 * @throws UsageError, BulkError, AuthError
 */
export async function runScan<Result extends SyncResult | VerifyResult>(
  { environment, terminal, interruptible, endWith }: CommandContext,
  { flags, counting, columns, reported, run, howToGoOn }: Scan<Result>,
): Promise<Result> {
  const write = (type: string, record: object) => terminal.print(JSON.stringify({ type, ...record }));
  // Scripts written for an earlier version read the number of users as `walked`.
  const writeCounts = (type: string, { counts, ...record }: BulkProgress | SyncResult | VerifyResult) =>
    write(type, { ...record, counts: { ...counts, walked: counts.scanned } });
  return await withConnection(environment, async ({ integration, database, registry }) => {
    const report = flags.report === undefined ? null : openReport(flags.report, columns);
    const display = openProgressDisplay(terminal, { ...(flags.json && { json: true }), counting });
    const stopCollecting = keepMemoryLow();
    try {
      const signal = interruptible();
      signal.addEventListener("abort", () =>
        display.note("stopping after the pages in flight; Ctrl-C again stops at once"),
      );
      let writtenAt = 0;
      const options: BulkRunOptions = {
        ...runOptions(flags),
        signal,
        onProgress(progress) {
          display.show(progress);
          if (!flags.json || Date.now() - writtenAt < JSON_PROGRESS_MS) return;
          writtenAt = Date.now();
          writeCounts("progress", progress);
        },
      };
      const result = await run(new BulkService({ integration, database, metrics: registry }), options, (type, row) => {
        if (flags.json) write(type, row);
        if (type === reported) report?.write(row);
      });
      display.close();
      if (flags.json) writeCounts("result", result);
      if (result.state === "interrupted") {
        endWith(ExitCode.interrupted);
        terminal.report(terminal.reportColors.yellow(`Stopped. ${howToGoOn}`));
      }
      return result;
    } finally {
      stopCollecting();
      display.close();
      report?.close();
    }
  });
}
