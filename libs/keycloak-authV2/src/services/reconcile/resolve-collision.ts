import type { KeycloakProfile } from "@libs/database";
import { UniqueViolationError } from "@libs/database";
import type { SyncDeps } from "../shared/sync-deps.ts";
import { lookAtUsers } from "./look-at-users.ts";

/**
 * Runs a local write of `profile`, a user who was in Keycloak just now. When another local row holds the username or
 * email, that holder is looked at, who may have changed or gone there, and the write is tried once more.
 * @throws UniqueViolationError when the holder still has it
 */
export async function withCollisionResolved<T>(
  deps: SyncDeps,
  profile: KeycloakProfile,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof UniqueViolationError)) throw error;
    const holders = (await deps.users.findHolders([profile])).map(({ id }) => id);
    if (holders.length === 0) throw error;
    await lookAtUsers(deps, holders, { witnessId: profile.id });
    return await write();
  }
}
