import { randomUUID } from "node:crypto";
import type { ScanRepository } from "@libs/database";
import type { SyncOptions } from "./bulk-options.ts";
import type { SyncResult } from "./bulk-result.ts";
import { type BulkRunDeps, inBulkRun } from "./bulk-run.ts";
import { mayDelete } from "./deletion-share.ts";
import {
  type ComparePagesDeps,
  type CompareUnseenDeps,
  comparePages,
  compareUnseen,
  type ForgetOthersDeps,
  forgetOthers,
} from "./find-differences.ts";
import { filterKey } from "./scan-position.ts";
import { newCounts } from "./sync-counts.ts";

/** For {@link previewSync}. */
export type PreviewSyncDeps = {
  scans: Pick<ScanRepository, "countUnseen">;
} & BulkRunDeps &
  ForgetOthersDeps &
  ComparePagesDeps &
  CompareUnseenDeps;

/** What a sync would do, by one read: a user that is changing at the moment may be counted. */
export async function previewSync(deps: PreviewSyncDeps, options: SyncOptions): Promise<SyncResult> {
  const started = performance.now();
  let counts = newCounts();
  const finished = await inBulkRun(deps, options, async (run) => {
    counts = run.counts;
    const unfiltered = filterKey(options.filter) === filterKey();
    const scanId = randomUUID();
    await run.retry.run(() => forgetOthers(run));
    if (!(await comparePages(run, options, unfiltered ? scanId : null, async () => {}))) return false;
    if (unfiltered) {
      const { live } = await run.retry.run(() => deps.scans.countUnseen(scanId));
      const count = async (extra: readonly unknown[]) => {
        counts.deleted += extra.length;
      };
      if (!(await compareUnseen(run, scanId, count))) return false;
      if (!mayDelete(counts.deleted, live, options.allowDeletes)) {
        counts.notices.deletion_held += counts.deleted;
        counts.deleted = 0;
      }
    }
    await run.retry.run(() => forgetOthers(run));
    run.progress.enter("finished", counts.scanned, counts.scanned);
    return true;
  });
  const state = finished ? "finished" : "interrupted";
  return { runId: null, resumedFrom: null, counts, state, durationMs: performance.now() - started };
}
