import { isFailure } from "./reconcile-outcome.ts";
import { type ReconcileUsersDeps, reconcileUsers } from "./reconcile-users.ts";

/**
 * What became of each user.
 * @see {@link UserSyncService}
 */
export interface BulkSyncResult {
  successful: string[];
  failed: { userId: string; error: string }[];
}

/**
 * Brings the named Keycloak users and their local rows in step, in batches. One bad user never stops the rest. Who is
 * gone from Keycloak becomes a tombstone here.
 * @param userIds Keycloak user ids
 * @returns who is in step now, and for each of the others a stable error code
 */
export async function bulkSyncUsers(deps: ReconcileUsersDeps, userIds: readonly string[]): Promise<BulkSyncResult> {
  const result: BulkSyncResult = { successful: [], failed: [] };
  for (const [userId, one] of await reconcileUsers(deps, userIds, { leaveUnchanged: true })) {
    const error = isFailure(one) ? one.error : isGone(one.outcome) ? "user.not_found" : undefined;
    if (error === undefined) result.successful.push(userId);
    else result.failed.push({ userId, error });
  }
  return result;
}

const isGone = (outcome: string) => outcome === "deleted" || outcome === "absent";
