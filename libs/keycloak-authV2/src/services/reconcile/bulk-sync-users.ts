import { type LookAtUsersDeps, lookAtUsers } from "./look-at-users.ts";
import { isFailure } from "./look-outcome.ts";

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
export async function bulkSyncUsers(deps: LookAtUsersDeps, userIds: readonly string[]): Promise<BulkSyncResult> {
  const result: BulkSyncResult = { successful: [], failed: [] };
  for (const [userId, look] of await lookAtUsers(deps, userIds, { leaveUnchanged: true })) {
    const error = isFailure(look) ? look.error : isGone(look.outcome) ? "user.not_found" : undefined;
    if (error === undefined) result.successful.push(userId);
    else result.failed.push({ userId, error });
  }
  return result;
}

const isGone = (outcome: string) => outcome === "deleted" || outcome === "absent";
