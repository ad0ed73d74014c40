import type { ChangeNotice } from "@libs/database";
import type { ReconcileFailure } from "../services/reconcile/reconcile-outcome.ts";

/**
 * What becomes of a notice. `second_pass`: handled, and once more after {@link SECOND_PASS_MS}: a login that had passed
 * Keycloak before the change may write its session only now. `not_yet`: not handled, more of it may be coming.
 */
export type Verdict = "done" | "second_pass" | "not_yet" | ReconcileFailure;

/**
 * Handles notices of its kinds. Never rejects for a reason of one subject; each notice gets a verdict. `Deps` is what the
 * handler uses.
 */
export type NoticeHandler<Deps> = (deps: Deps, notices: readonly ChangeNotice[]) => Promise<Map<ChangeNotice, Verdict>>;

/** Longer than the longest login (4.5 s). Milliseconds. */
export const SECOND_PASS_MS = 6_000;

/** The verdict on a change after which no session may live that began before it. */
export function onceMore({ passes, source, kind }: ChangeNotice): Verdict {
  // A full reconciliation is of no change in particular, and of everybody; sessions that reconciliation asks about are old.
  if (source === "full_reconciliation" || (source === "reconcile" && kind === "sessions")) return "done";
  return passes === 0 ? "second_pass" : "done";
}
