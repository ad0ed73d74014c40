import type { ScanRepository } from "@libs/database";
import { isFailure } from "../reconcile/reconcile-outcome.ts";
import type { ReconcileUsersDeps } from "../reconcile/reconcile-users.ts";
import { type BulkRun, UNREADABLE } from "./bulk-run.ts";
import { mayDelete } from "./deletion-share.ts";
import { type ReadByIdDeps, readById } from "./read-by-id.ts";
import { reconcileWithOutageRetry } from "./reconcile-with-outage-retry.ts";
import { type ScanUnseenDeps, scanUnseen } from "./scan-unseen.ts";

/** For {@link removeExtra}. */
export type RemoveExtraDeps = {
  scans: Pick<ScanRepository, "countUnseen" | "markSeen">;
} & ScanUnseenDeps &
  ReadByIdDeps &
  ReconcileUsersDeps;

/**
 * Makes tombstones of live local users whom Keycloak no longer has. First everyone that the scan has not seen is looked up
 * by id, so that only who is gone is left; then their share decides.
 * @returns false when it was interrupted
 */
export async function removeExtra(
  run: BulkRun<RemoveExtraDeps>,
  runId: string,
  allowDeletes: boolean | undefined,
): Promise<boolean> {
  const { scans } = run.deps;
  const { unseen } = await run.retry.run(() => scans.countUnseen(runId));
  run.progress.enter("looking_for_extra", unseen);
  if (unseen === 0) return true;
  for await (const batch of scanUnseen(run, runId)) {
    if (run.interrupted()) return false;
    const { found, unreadable } = await readById(
      run,
      batch.map(({ id }) => id),
    );
    await reconcileWithOutageRetry(run, [...found.keys()], 0);
    for (const { id, username } of batch)
      if (unreadable.has(id)) run.notice("failed", { userId: id, username, error: UNREADABLE });
    await run.retry.run(() => scans.markSeen(runId, [...found.keys(), ...unreadable]));
    run.progress.advance(batch.length);
  }
  const { unseen: absent, live } = await run.retry.run(() => scans.countUnseen(runId));
  const allowed = mayDelete(absent, live, allowDeletes);
  for await (const batch of scanUnseen(run, runId)) {
    if (run.interrupted()) return false;
    const names = new Map(batch.map(({ id, username }) => [id, username]));
    if (!allowed) {
      for (const { id, username } of batch)
        run.notice("deletion_held", { userId: id, username, error: "bulk.too_many_deletions" });
      continue;
    }
    for (const [id, result] of await reconcileWithOutageRetry(run, [...names.keys()], Number.MAX_SAFE_INTEGER)) {
      if (isFailure(result)) run.notice("failed", { userId: id, username: names.get(id) ?? null, error: result.error });
      else if (result.outcome === "deleted") run.counts.deleted += 1;
    }
  }
  return true;
}
