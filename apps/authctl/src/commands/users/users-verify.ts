import type { DifferenceKind, VerifyResult } from "@libs/keycloak-authV2/services/bulk";
import type { Command } from "commander";
import type { CommandContext } from "../../command/command-context.ts";
import { gatewayVariables } from "../../command/common-variables.ts";
import { ExitCode } from "../../command/exit-code.ts";
import { withHelp } from "../../command/with-help.ts";
import { formatDuration } from "../../ui/format-duration.ts";
import { DIFFERENCE_COLUMNS, DifferenceSample, differenceKinds, printDifferences, rowOf } from "./differences.ts";
import { runScan } from "./run-scan.ts";
import { addScanOptions, type ScanFlags } from "./scan-options.ts";

interface Flags extends ScanFlags {
  only?: DifferenceKind[];
}

/** `authctl users verify` */
export function addUsersVerify(users: Command, context: CommandContext): void {
  const command = users
    .command("verify")
    .description("find every difference between Keycloak and here; changes nothing; exits with 3 if there are any")
    .option("--only <kinds>", "of missing, extra, field, session; separated by commas", differenceKinds);
  withHelp(addScanOptions(command), {
    examples: [
      ["users verify", "exits with 0 if nothing differs, with 3 if something does"],
      ["users verify --report differences.csv", "each difference, for a spreadsheet"],
      ["users verify --only extra,session", "users and sessions that should be gone"],
      ["users verify --json --max-rate 200 | tail -1", "only the totals, slowly"],
    ],
    variables: gatewayVariables,
  }).action((flags: Flags) => usersVerify(context, flags));
}

async function usersVerify(context: CommandContext, flags: Flags): Promise<void> {
  const { terminal, endWith } = context;
  const sample = new DifferenceSample();
  const result = await runScan<VerifyResult>(context, {
    flags,
    counting: "differences",
    columns: DIFFERENCE_COLUMNS,
    reported: "difference",
    run: (bulk, options, found) =>
      bulk.verify({
        ...options,
        ...(flags.only && { only: flags.only }),
        onNotice: (notice) => found("notice", { ...notice }),
        onDifference(difference) {
          sample.add(difference);
          found("difference", rowOf(difference));
        },
      }),
    howToGoOn: "What was found so far is above; the same command starts over.",
  });
  const { counts, differences, durationMs, state } = result;
  const found = Object.values(differences).reduce((sum, count) => sum + count, 0);
  if (!flags.json) {
    if (found > 0) printDifferences(terminal, differences);
    sample.print(terminal, flags.report);
    const { green, yellow } = terminal.colors;
    const verdict = found > 0 ? yellow(`${found.toLocaleString("en")} differences`) : green("Nothing differs");
    terminal.print(`${verdict} in ${counts.scanned.toLocaleString("en")} users (${formatDuration(durationMs)}).`);
    if (found > 0) terminal.print("authctl users repair --dry-run shows what would be done about them.");
  }
  if (state === "finished" && found > 0) endWith(ExitCode.differences);
}
