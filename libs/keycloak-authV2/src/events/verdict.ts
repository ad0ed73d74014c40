import type { Hint } from "@libs/database";
import type { LookFailure } from "../services/reconcile/look-outcome.ts";

/**
 * What becomes of a hint. `look_again`: handled, and once more after {@link SECOND_LOOK_MS}: a login that had passed
 * Keycloak before the change may write its session only now. `not_yet`: not handled, more of it may be coming.
 */
export type Verdict = "done" | "look_again" | "not_yet" | LookFailure;

/**
 * Looks at hints of its kinds. Never rejects for a reason of one subject; each hint gets a verdict. `Deps` is what the
 * handler uses.
 */
export type HintHandler<Deps> = (deps: Deps, hints: readonly Hint[]) => Promise<Map<Hint, Verdict>>;

/** Longer than the longest login (4.5 s). Milliseconds. */
export const SECOND_LOOK_MS = 6_000;

/** The verdict on a change after which no session may live that began before it. */
export function onceMore({ looks, source, kind }: Hint): Verdict {
  // A full look is of no change in particular, and of everybody; sessions that reconciliation asks about are old.
  if (source === "full_look" || (source === "reconcile" && kind === "sessions")) return "done";
  return looks === 0 ? "look_again" : "done";
}
