import type { BulkNotice, BulkNoticeKind, SyncCounts } from "@libs/keycloak-authV2/services/bulk";
import { printable, renderTable } from "../../ui/render-table.ts";
import type { Terminal } from "../../ui/terminal.ts";

const MEANING: Record<BulkNoticeKind, string> = {
  unfinished: "being registered: left to the registration's own recovery",
  collision: "another user here has the username or email: not written",
  service_account: "service account: skipped",
  no_names: "without first or last name: imported; Keycloak may refuse the login",
  no_email: "without email: imported",
  federated: "from a user federation: imported",
  no_created_time: "without created time: imported by the last pass",
  deletion_held: "gone from Keycloak, too many at once: kept until --allow-deletes",
  failed: "could not be written",
};

/** Those that an operator has to do something about. */
const TO_DO: readonly BulkNoticeKind[] = ["collision", "deletion_held", "failed"];

export const NOTICE_COLUMNS = ["kind", "userId", "username", "error"] as const;

/** So many are shown; a report has them all. */
const SHOWN = 10;

/** Keeps the first of those that need an operator, for the summary. */
export class NoticeSample {
  readonly #first: BulkNotice[] = [];

  add(notice: BulkNotice): void {
    if (this.#first.length < SHOWN && TO_DO.includes(notice.kind)) this.#first.push(notice);
  }

  print(terminal: Terminal, { notices }: SyncCounts, reportPath: string | undefined): void {
    const rows = Object.entries(notices).filter(([, count]) => count > 0) as [BulkNoticeKind, number][];
    if (rows.length === 0) return;
    terminal.print("\nSpecial cases:");
    terminal.print(
      renderTable(
        terminal,
        ["what", "users", "meaning"],
        rows.map(([kind, count]) => [kind, count, MEANING[kind]]),
      ),
    );
    for (const { kind, userId, username, error } of this.#first)
      terminal.print(`  ${kind} ${printable(userId)} ${printable(username ?? "")}${error ? `: ${error}` : ""}`);
    const more = needingOperator(notices) - this.#first.length;
    if (more > 0) terminal.print(`  … and ${more.toLocaleString("en")} more`);
    terminal.print(reportPath ? `All of them are in ${reportPath}.` : "--report FILE lists all of them.");
  }
}

/** How many users an operator has to check. */
export function needingOperator(notices: SyncCounts["notices"]): number {
  return TO_DO.reduce((sum, kind) => sum + notices[kind], 0);
}
