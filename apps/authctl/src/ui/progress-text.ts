import type { BulkPhase, BulkProgress } from "@libs/keycloak-authV2/services/bulk";

/** What is counted in each phase. */
export const PHASES: Record<BulkPhase, string> = {
  starting: "starting",
  scanning: "users",
  last_pass: "users without a created time",
  looking_for_extra: "users that are only here",
  checking_sessions: "sessions",
  catching_up: "users that changed meanwhile",
  waiting: "waiting",
  finished: "done",
};

/** @returns null while nothing is waited for */
export function describeWait({ waitingFor }: BulkProgress): string | null {
  if (!waitingFor) return null;
  const { code, since } = waitingFor;
  return `waiting since ${since.toISOString().slice(11, 19)} UTC for ${awaited(code)}: ${code}`;
}

function awaited(code: string): string {
  // One that was killed counts as under way until its lease is over.
  if (code === "bulk.already_running") return "another run to end";
  return `${code.startsWith("database.") ? "the database" : "Keycloak"} to come back`;
}

/** What the scan is for: to change what is here, or to find what differs. */
export type Counting = "changes" | "differences";

/** What became of users so far, or what was found, without what did not happen. */
export function describeCounts({ counts, differences }: BulkProgress, counting: Counting): string {
  const { inserted, revived, updated, deleted } = counts;
  const total = Object.values(differences).reduce((sum, count) => sum + count, 0);
  const changes: [number, string][] = [
    [inserted + revived, "new"],
    [updated, "changed"],
    [deleted, "gone"],
  ];
  const parts: [number, string][] = [
    ...(counting === "changes" ? changes : []),
    [counts.notices.failed, "failed"],
    [total, "differences"],
  ];
  return parts.flatMap(([count, name]) => (count > 0 ? [`${count.toLocaleString("en")} ${name}`] : [])).join(", ");
}
