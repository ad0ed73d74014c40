import { AuthError } from "@libs/problems";
import { isFailure, type ReconcileOutcome } from "../reconcile/reconcile-outcome.ts";
import { type ReconcileUsersDeps, reconcileUsers } from "../reconcile/reconcile-users.ts";
import type { BulkRun } from "./bulk-run.ts";
import { isOutageCode } from "./outage-retry.ts";

/**
 * Reconciles users like the change feed does, and waits for the end of outages.
 * Where a row agrees, not even the ticket is written.
 * @param maxDeletionsPerMinute more do not become tombstones within a minute
 */
export function reconcileWithOutageRetry(
  run: BulkRun<ReconcileUsersDeps>,
  ids: readonly string[],
  maxDeletionsPerMinute: number,
): Promise<Map<string, ReconcileOutcome>> {
  const { deps, witnessId, retry } = run;
  return retry.run(async () => {
    const outcomes = await reconcileUsers(deps, ids, { witnessId, maxDeletionsPerMinute, leaveUnchanged: true });
    for (const outcome of outcomes.values())
      if (isFailure(outcome) && !outcome.own && isOutageCode(outcome.error)) throw new AuthError(outcome.error);
    return outcomes;
  });
}
