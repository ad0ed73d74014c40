import type { KeycloakProfile, UserRepository } from "@libs/database";
import { UniqueViolationError } from "@libs/database";
import { type ReconcileUsersDeps, reconcileUsers } from "./reconcile-users.ts";

/** For {@link withCollisionResolved}. */
export type ResolveCollisionDeps = ReconcileUsersDeps & {
  users: Pick<UserRepository, "findHolders">;
};

/** PORT: {@link withCollisionResolved}, for flows that use nothing else of what it needs. */
export type CollisionResolution = <T>(profile: KeycloakProfile, write: () => Promise<T>) => Promise<T>;

/**
 * Runs a local write of `profile`, a user who was in Keycloak just now. When another local row holds the username or
 * email, that holder is reconciled, who may have changed or gone there, and the write is tried once more.
 * @throws UniqueViolationError when the holder still has it
 */
export async function withCollisionResolved<T>(
  deps: ResolveCollisionDeps,
  profile: KeycloakProfile,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof UniqueViolationError)) throw error;
    const holders = (await deps.users.findHolders([profile])).map(({ id }) => id);
    if (holders.length === 0) throw error;
    await reconcileUsers(deps, holders, { witnessId: profile.id });
    return await write();
  }
}
