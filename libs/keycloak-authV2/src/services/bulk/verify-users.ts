import type { BulkDeps } from "./bulk-deps.ts";
import type { VerifyOptions } from "./bulk-options.ts";
import type { VerifyResult } from "./bulk-result.ts";
import { inBulkRun } from "./bulk-run.ts";
import { findDifferences } from "./find-differences.ts";
import { newCounts, newDifferenceCounts } from "./sync-counts.ts";

/** Finds every difference; see {@link BulkService.verify}. */
export async function verifyUsers(deps: BulkDeps, options: VerifyOptions): Promise<VerifyResult> {
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
