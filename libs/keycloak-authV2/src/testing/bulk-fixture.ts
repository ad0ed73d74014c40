import type { BulkDeps } from "../services/bulk/bulk-deps.ts";
import type { InMemoryKeycloakOptions, StoredUser } from "./in-memory-keycloak.ts";
import { createSyncFixture, type SyncFixture } from "./sync-fixture.ts";

/** Scans of all users on fakes. */
export function createBulkFixture(options: InMemoryKeycloakOptions = {}) {
  const fixture = createSyncFixture(options);
  const { deps, keycloak, clock } = fixture;
  const { eventSource, serverFeatures } = keycloak;
  const bulkDeps: BulkDeps & SyncFixture["deps"] = { ...deps, eventSource, serverFeatures };

  /** Puts a user straight into Keycloak, without an event. @param createdAt milliseconds since the epoch */
  function addUser(id: string, createdAt: number | null, change: Partial<StoredUser> = {}): StoredUser {
    const user: StoredUser = {
      id,
      username: `name-${id}`,
      email: `${id}@example.test`,
      firstName: "Ada",
      lastName: "Lovelace",
      emailVerified: true,
      enabled: true,
      attributes: {},
      requiredActions: [],
      notBefore: null,
      password: "",
      lastFailureAt: 0,
      lockedUntil: 0,
      failures: 0,
      createdAt: createdAt === null ? null : new Date(createdAt),
      ...change,
    };
    keycloak.users.set(id, user);
    return user;
  }

  /** @returns ids, one user every `stepMs` before now */
  function addUsers(count: number, stepMs = 1_000): string[] {
    const ids = Array.from({ length: count }, (_, place) => `u${String(place).padStart(5, "0")}`);
    for (const [place, id] of ids.entries()) addUser(id, clock.now - (count - place) * stepMs);
    return ids;
  }

  return { ...fixture, bulkDeps, addUser, addUsers };
}

export type BulkFixture = ReturnType<typeof createBulkFixture>;
