import type { DifferenceKind, RepairOutcome, RepairResult } from "@libs/keycloak-authV2/services/bulk";
import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { gatewayVariables } from "../../command/common-variables.ts";
import { ExitCode } from "../../command/exit-code.ts";
import { withHelp } from "../../command/with-help.ts";
import { confirm } from "../../ui/confirm.ts";
import { formatDuration } from "../../ui/format-duration.ts";
import { renderTable } from "../../ui/render-table.ts";
import { DIFFERENCE_COLUMNS, DifferenceSample, differenceKinds, printDifferences, rowOf } from "./differences.ts";
import { runScan } from "./run-scan.ts";
import { addScanOptions, type ScanFlags } from "./scan-options.ts";

interface Flags extends ScanFlags {
  only?: DifferenceKind[];
  dryRun?: boolean;
  allowDeletes?: boolean;
  yes?: boolean;
}

const MEANING: Record<RepairOutcome, string> = {
  repaired: "agrees with Keycloak now",
  planned: "would be repaired",
  held: "gone from Keycloak, too many at once: kept until --allow-deletes",
  failed: "could not be repaired: see the report",
};

/** `authctl users repair` */
export function addUsersRepair(users: Command, context: CommandContext): void {
  const command = users
    .command("repair")
    .description("remove every difference: Keycloak wins on its fields, data that is only kept here is never changed")
    .option("--dry-run", "shows what it would do; changes nothing")
    .option("--only <kinds>", "of missing, extra, field, session; separated by commas", differenceKinds)
    .option("--allow-deletes", "marks users as deleted even if they are more than 1 % of all")
    .option("--yes", "does not ask");
  withHelp(addScanOptions(command), {
    examples: [
      ["users repair --dry-run --report plan.csv", "what would be done, to read first"],
      ["users repair", "asks, then repairs"],
      ["users repair --only field,missing --yes", "without asking; nobody is marked as deleted"],
    ],
    variables: gatewayVariables,
  }).action((flags: Flags) => usersRepair(context, flags));
}

async function usersRepair(context: CommandContext, flags: Flags): Promise<void> {
  const { terminal, endWith } = context;
  const { only, dryRun, allowDeletes, yes } = flags;
  const question = "Make the rows here agree with Keycloak wherever they differ?";
  if (!dryRun && !(await confirm(terminal, question, yes === true))) {
    terminal.report("Nothing was changed.");
    return;
  }
  const sample = new DifferenceSample();
  const result = await runScan<RepairResult>(context, {
    flags,
    counting: "differences",
    columns: [...DIFFERENCE_COLUMNS, "outcome", "error"],
    reported: "repair",
    run: (bulk, options, found) =>
      bulk.repair({
        ...options,
        ...(only && { only }),
        ...(dryRun && { dryRun }),
        ...(allowDeletes && { allowDeletes }),
        onNotice: (notice) => found("notice", { ...notice }),
        onRepair(difference, outcome, error) {
          sample.add(difference, error ? `${outcome}: ${error}` : outcome);
          found("repair", { ...rowOf(difference), outcome, error });
        },
      }),
    howToGoOn: "What was repaired stays repaired; the same command starts over.",
  });
  const { differences, outcomes, durationMs } = result;
  if (!flags.json) {
    printDifferences(terminal, differences);
    const rows = (Object.entries(outcomes) as [RepairOutcome, number][]).filter(([, count]) => count > 0);
    if (rows.length > 0)
      terminal.print(
        renderTable(
          terminal,
          ["outcome", "count", "meaning"],
          rows.map(([name, count]) => [name, count, MEANING[name]]),
        ),
      );
    sample.print(terminal, flags.report);
    terminal.print(`${dryRun ? "Nothing was changed. " : ""}${formatDuration(durationMs)}`);
  }
  if (result.state === "finished" && outcomes.failed + outcomes.held > 0) endWith(ExitCode.failed);
}
