import type { KeycloakProfile, User } from "@libs/database";
import { UniqueViolationError } from "@libs/database";
import type { KeycloakUser } from "../../ports.ts";
import type { SyncDeps } from "./sync-deps.ts";

type CollisionDeps = Pick<SyncDeps, "keycloak" | "users" | "now" | "logger">;

/** The fields of a Keycloak user that the local row mirrors. */
export function profileOf(user: KeycloakUser): KeycloakProfile {
  const { id, username, email, firstName, lastName, emailVerified, enabled } = user;
  return { id, username, email, firstName, lastName, emailVerified, enabled };
}

/**
 * Runs a local write of `profile`. When another local row holds the username or email, Keycloak is asked about that
 * holder, who may have changed or gone there, and the write is tried once more.
 * @throws UniqueViolationError when the holder still has it
 */
export async function withCollisionResolved<T>(
  deps: CollisionDeps,
  profile: KeycloakProfile,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof UniqueViolationError)) throw error;
    const holders = await holdersOf(deps, profile);
    if (holders.length === 0) throw error;
    await refreshHolders(deps, profile, holders);
    return await write();
  }
}

async function holdersOf({ users }: CollisionDeps, profile: KeycloakProfile): Promise<User[]> {
  const [byName, byEmail] = await Promise.all([
    users.findByUsername(profile.username),
    profile.email === null ? null : users.findByEmail(profile.email),
  ]);
  return [byName, byEmail].filter((user): user is User => user !== null && user.id !== profile.id);
}

async function refreshHolders(deps: CollisionDeps, profile: KeycloakProfile, holders: User[]): Promise<void> {
  const found = await deps.keycloak.getUsers([profile.id, ...holders.map((holder) => holder.id)]);
  // A lost permission makes Keycloak answer with nothing: only an answer that knows the new user proves that a holder is gone.
  const trustworthy = found.some((user) => user.id === profile.id);
  for (const holder of holders) {
    const current = found.find((user) => user.id === holder.id);
    if (current) await deps.users.upsertProfile(profileOf(current), deps.now());
    else if (trustworthy) {
      await deps.users.markDeleted(holder.id, deps.now());
      deps.logger.info({ userId: holder.id }, "user is gone from Keycloak: local row became a tombstone");
    }
  }
}
