import type { WalkRepository } from "@libs/database";
import { isFailure } from "../reconcile/reconcile-outcome.ts";
import type { ReconcileUsersDeps } from "../reconcile/reconcile-users.ts";
import { type BulkRun, UNREADABLE } from "./bulk-run.ts";
import { mayDelete } from "./deletion-share.ts";
import { type ReadByIdDeps, readById } from "./read-by-id.ts";
import { reconcileWithPatience } from "./reconcile-with-patience.ts";
import { type WalkUnseenDeps, walkUnseen } from "./walk-unseen.ts";

/** For {@link removeExtra}. */
export type RemoveExtraDeps = {
  walks: Pick<WalkRepository, "countUnseen" | "markSeen">;
} & WalkUnseenDeps &
  ReadByIdDeps &
  ReconcileUsersDeps;

/**
 * Makes tombstones of live local users whom Keycloak no longer has. First everyone that the walk has not seen is looked up
 * by id, so that only who is gone is left; then their share decides.
 * @returns false when it was interrupted
 */
export async function removeExtra(
  run: BulkRun<RemoveExtraDeps>,
  runId: string,
  allowDeletes: boolean | undefined,
): Promise<boolean> {
  const { walks } = run.deps;
  const { unseen } = await run.patience.run(() => walks.countUnseen(runId));
  run.progress.enter("looking_for_extra", unseen);
  if (unseen === 0) return true;
  for await (const batch of walkUnseen(run, runId)) {
    if (run.interrupted()) return false;
    const { found, unreadable } = await readById(
      run,
      batch.map(({ id }) => id),
    );
    await reconcileWithPatience(run, [...found.keys()], 0);
    for (const { id, username } of batch)
      if (unreadable.has(id)) run.notice("failed", { userId: id, username, error: UNREADABLE });
    await run.patience.run(() => walks.markSeen(runId, [...found.keys(), ...unreadable]));
    run.progress.advance(batch.length);
  }
  const { unseen: absent, live } = await run.patience.run(() => walks.countUnseen(runId));
  const allowed = mayDelete(absent, live, allowDeletes);
  for await (const batch of walkUnseen(run, runId)) {
    if (run.interrupted()) return false;
    const names = new Map(batch.map(({ id, username }) => [id, username]));
    if (!allowed) {
      for (const { id, username } of batch)
        run.notice("deletion_held", { userId: id, username, error: "bulk.too_many_deletions" });
      continue;
    }
    for (const [id, result] of await reconcileWithPatience(run, [...names.keys()], Number.MAX_SAFE_INTEGER)) {
      if (isFailure(result)) run.notice("failed", { userId: id, username: names.get(id) ?? null, error: result.error });
      else if (result.outcome === "deleted") run.counts.deleted += 1;
    }
  }
  return true;
}
