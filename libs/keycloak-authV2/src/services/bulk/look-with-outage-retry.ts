import { AuthError } from "@libs/problems";
import { type LookAtUsersDeps, lookAtUsers } from "../reconcile/look-at-users.ts";
import { isFailure, type LookOutcome } from "../reconcile/look-outcome.ts";
import type { BulkRun } from "./bulk-run.ts";
import { isOutageCode } from "./outage-retry.ts";

/**
 * Looks at users like the change feed does, and waits for the end of outages.
 * @param leaveUnchanged not even the ticket is written where a row agrees
 */
export function lookWithOutageRetry(
  run: BulkRun<LookAtUsersDeps>,
  ids: readonly string[],
  maxDeletionsPerMinute: number,
): Promise<Map<string, LookOutcome>> {
  const { deps, witnessId, retry } = run;
  return retry.run(async () => {
    const outcomes = await lookAtUsers(deps, ids, { witnessId, maxDeletionsPerMinute, leaveUnchanged: true });
    for (const outcome of outcomes.values())
      if (isFailure(outcome) && !outcome.own && isOutageCode(outcome.error)) throw new AuthError(outcome.error);
    return outcomes;
  });
}
