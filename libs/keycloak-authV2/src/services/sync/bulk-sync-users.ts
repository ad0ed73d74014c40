import { chunk } from "./chunk.ts";
import { toAuthError } from "./database-failure.ts";
import { profileOf, withCollisionResolved } from "./resolve-collision.ts";
import { withRegistrationSettled } from "./settle-unfinished-registration.ts";
import type { SyncDeps } from "./sync-deps.ts";

export interface BulkSyncResult {
  successful: string[];
  failed: { userId: string; error: string }[];
}

/** As many ids as Keycloak reads in one answer without an over-long address. */
const batchSize = 50;

/**
 * Copies the named Keycloak users into the local database, in batches. One bad user never stops the rest.
 * @param userIds Keycloak user ids
 * @returns who is in step now, and for each of the others a stable error code
 */
export async function bulkSyncUsers(deps: SyncDeps, userIds: readonly string[]): Promise<BulkSyncResult> {
  const result: BulkSyncResult = { successful: [], failed: [] };
  for (const batch of chunk([...new Set(userIds)], batchSize)) await syncBatch(deps, batch, result);
  return result;
}

async function syncBatch(deps: SyncDeps, ids: string[], result: BulkSyncResult): Promise<void> {
  const fail = (userId: string, error: unknown) => result.failed.push({ userId, error: toAuthError(error).code });
  try {
    const found = new Map((await deps.keycloak.getUsers(ids)).map((user) => [user.id, user]));
    for (const id of ids) {
      const user = found.get(id);
      if (!user) {
        result.failed.push({ userId: id, error: "user.not_found" });
        continue;
      }
      const profile = profileOf(user);
      const write = (ignoreUnfinished: boolean) =>
        withCollisionResolved(deps, profile, () => deps.users.upsertProfile(profile, deps.now(), { ignoreUnfinished }));
      await withRegistrationSettled(deps, profile, write, { complete: false }).then(
        () => result.successful.push(id),
        (error) => fail(id, error),
      );
    }
  } catch (error) {
    for (const id of ids) fail(id, error);
  }
}
