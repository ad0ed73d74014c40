import type { SyncResult } from "@libs/keycloak-authV2/services/bulk";
import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { gatewayVariables } from "../../command/common-variables.ts";
import { ExitCode } from "../../command/exit-code.ts";
import { withHelp } from "../../command/with-help.ts";
import { formatDuration } from "../../ui/format-duration.ts";
import { renderTable } from "../../ui/render-table.ts";
import type { Terminal } from "../../ui/terminal.ts";
import { NOTICE_COLUMNS, NoticeSample, needingOperator } from "./notices.ts";
import { runScan } from "./run-scan.ts";
import { addScanOptions, type ScanFlags } from "./scan-options.ts";

interface Flags extends ScanFlags {
  dryRun?: boolean;
  fresh?: boolean;
  allowDeletes?: boolean;
}

/** `authctl users sync` */
export function addUsersSync(users: Command, context: CommandContext): void {
  const command = users
    .command("sync")
    .description("import all of Keycloak's users, or those of a filter; an interrupted run is resumed")
    .option("--dry-run", "compares and counts; writes nothing")
    .option("--fresh", "starts over, even if an interrupted run could be resumed")
    .option("--allow-deletes", "marks users as deleted even if they are more than 1 % of all");
  withHelp(addScanOptions(command), {
    examples: [
      ["users sync", "all users; resumes an interrupted run"],
      ["users sync --dry-run", "shows what would be done"],
      ["users sync --max-rate 500 --concurrency 1", "slowly, on a Keycloak that people use"],
      ["users sync --created-after 2026-11-01", "only users created since then"],
      ["users sync --json > sync.ndjson", "for scripts"],
    ],
    variables: gatewayVariables,
  }).action((flags: Flags) => usersSync(context, flags));
}

async function usersSync(context: CommandContext, flags: Flags): Promise<void> {
  const { terminal, endWith } = context;
  const { dryRun, fresh, allowDeletes } = flags;
  const sample = new NoticeSample();
  const result = await runScan<SyncResult>(context, {
    flags,
    counting: "changes",
    columns: NOTICE_COLUMNS,
    reported: "notice",
    run: (bulk, options, found) =>
      bulk.sync({
        ...options,
        ...(dryRun && { dryRun }),
        ...(fresh && { fresh }),
        ...(allowDeletes && { allowDeletes }),
        onNotice(notice) {
          sample.add(notice);
          found("notice", { ...notice });
        },
      }),
    howToGoOn: dryRun ? "Nothing was written." : "The same command continues where it stopped; --fresh starts over.",
  });
  if (!flags.json) {
    printSummary(terminal, result, dryRun === true);
    sample.print(terminal, result.counts, flags.report);
  }
  if (result.state === "finished" && needingOperator(result.counts.notices) > 0) endWith(ExitCode.failed);
}

function printSummary(terminal: Terminal, { counts, durationMs, resumedFrom }: SyncResult, dryRun: boolean): void {
  if (resumedFrom) terminal.print(`Resumed the run that began at ${resumedFrom.toISOString()}.`);
  const rate = durationMs > 0 ? Math.round((counts.scanned * 1000) / durationMs) : 0;
  terminal.print(
    renderTable(
      terminal,
      ["Keycloak → here", dryRun ? "would be" : "users"],
      [
        ["read", counts.scanned],
        ["new here", counts.inserted],
        ["back again", counts.revived],
        ["changed", counts.updated],
        ["unchanged", counts.unchanged],
        ["already newer here", counts.stale],
        ["gone: marked as deleted", counts.deleted],
      ],
    ),
  );
  const pace = resumedFrom ? "" : ` (${rate.toLocaleString("en")}/s)`;
  terminal.print(`${dryRun ? "Nothing was written. " : ""}${formatDuration(durationMs)}${pace}`);
}
