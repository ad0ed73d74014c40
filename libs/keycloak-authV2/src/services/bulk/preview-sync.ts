import { randomUUID } from "node:crypto";
import type { BulkDeps } from "./bulk-deps.ts";
import type { SyncOptions } from "./bulk-options.ts";
import type { SyncResult } from "./bulk-result.ts";
import { inBulkRun } from "./bulk-run.ts";
import { mayDelete } from "./deletion-share.ts";
import { comparePages, compareUnseen, forgetOthers } from "./find-differences.ts";
import { newCounts } from "./sync-counts.ts";
import { filterKey } from "./walk-position.ts";

/** What a sync would do, by one look: a user that is changing at the moment may be counted. */
export async function previewSync(deps: BulkDeps, options: SyncOptions): Promise<SyncResult> {
  const started = performance.now();
  let counts = newCounts();
  const finished = await inBulkRun(deps, options, async (run) => {
    counts = run.counts;
    const unfiltered = filterKey(options.filter) === filterKey();
    const walkId = randomUUID();
    await run.patience.run(() => forgetOthers(run));
    if (!(await comparePages(run, options, unfiltered ? walkId : null, async () => {}))) return false;
    if (unfiltered) {
      const { live } = await run.patience.run(() => deps.walks.countUnseen(walkId));
      const count = async (extra: readonly unknown[]) => {
        counts.deleted += extra.length;
      };
      if (!(await compareUnseen(run, walkId, count))) return false;
      if (!mayDelete(counts.deleted, live, options.allowDeletes)) {
        counts.notices.deletion_held += counts.deleted;
        counts.deleted = 0;
      }
    }
    await run.patience.run(() => forgetOthers(run));
    run.progress.enter("finished", counts.walked, counts.walked);
    return true;
  });
  const state = finished ? "finished" : "interrupted";
  return { runId: null, resumedFrom: null, counts, state, durationMs: performance.now() - started };
}
