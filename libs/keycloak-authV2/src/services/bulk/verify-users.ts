import type { VerifyOptions } from "./bulk-options.ts";
import type { VerifyResult } from "./bulk-result.ts";
import { type BulkRunDeps, inBulkRun } from "./bulk-run.ts";
import { type FindDifferencesDeps, findDifferences } from "./find-differences.ts";
import { newCounts, newDifferenceCounts } from "./sync-counts.ts";

/** For {@link verifyUsers}. */
export type VerifyUsersDeps = BulkRunDeps & FindDifferencesDeps;

/** Finds every difference; see {@link BulkService.verify}. */
export async function verifyUsers(deps: VerifyUsersDeps, options: VerifyOptions): Promise<VerifyResult> {
  const started = performance.now();
  let counts = newCounts();
  let differences = newDifferenceCounts();
  let runId: string | null = null;
  const finished = await inBulkRun(deps, options, async (run) => {
    ({ counts, differences } = run);
    return await findDifferences(run, options, async (found) => {
      runId = run.progress.runId;
      for (const difference of found) {
        differences[difference.kind] += 1;
        await options.onDifference?.(difference);
      }
    });
  });
  const state = finished ? "finished" : "interrupted";
  return { runId, counts, differences, state, durationMs: performance.now() - started };
}
