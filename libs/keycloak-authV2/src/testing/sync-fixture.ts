import { randomBytes } from "node:crypto";
import { createInMemoryRepositories, InMemoryDatabase } from "@libs/database/testing";
import { BackgroundTasks, Registry, silentLogger } from "@libs/observability";
import { createRequestFingerprint, parseKeyRing, TokenCipher } from "../crypto/index.ts";
import { createAuthMetrics } from "../metrics/metrics.ts";
import type { KeycloakAuthentication } from "../ports/ports.ts";
import { type CollisionResolution, withCollisionResolved } from "../services/reconcile/resolve-collision.ts";
import type { RegisterUser } from "../services/registration/register-idempotently.ts";
import { registerUser } from "../services/registration/register-user.ts";
import { createRealmProfile } from "../services/shared/realm-profile.ts";
import { UnknownTokenGate } from "../services/shared/unknown-token-gate.ts";
import type { ComposedDeps } from "../services/sync/composed-deps.ts";
import { InMemoryAuthentication } from "./in-memory-authentication.ts";
import { InMemoryKeycloak, type InMemoryKeycloakOptions } from "./in-memory-keycloak.ts";

const dayMs = 24 * 3_600_000;

/** What the flows share, and what `UserSyncService` composes for some of them. */
interface TestDeps extends ComposedDeps {
  authentication: KeycloakAuthentication;
  withCollisionResolved: CollisionResolution;
  register: RegisterUser;
}

/** The flows of `services/sync` on fakes, with a clock that stands until it is moved. */
export function createSyncFixture(options: InMemoryKeycloakOptions = {}) {
  const clock = { now: Date.parse("2030-01-01T00:00:00Z") };
  const database = new InMemoryDatabase();
  database.clock = () => new Date(clock.now);
  const keycloak = new InMemoryKeycloak({ now: () => clock.now, ...options });
  const registry = new Registry();
  const background = new BackgroundTasks(silentLogger);
  const keyRing = parseKeyRing(`test:${randomBytes(32).toString("base64")}`);
  const woken: string[] = [];
  const deps: TestDeps = {
    keycloak: keycloak.userRepository,
    realmProfile: createRealmProfile({
      keycloak: keycloak.userRepository,
      now: () => new Date(clock.now),
      logger: silentLogger,
    }),
    ...createInMemoryRepositories(database),
    cipher: new TokenCipher(keyRing),
    now: () => new Date(clock.now),
    refreshTimes: { graceMs: 60_000, leaseMs: 4_000, pollMs: 2, waitMs: 1_000 },
    unknownTokens: new UnknownTokenGate(),
    metrics: createAuthMetrics(registry),
    logger: silentLogger,
    background,
    wake: (name) => void woken.push(name),
    fingerprint: createRequestFingerprint(keyRing),
    idempotencyTtlMs: 24 * 3_600_000,
    retentionMs: { registrations: 30 * dayMs, sessions: 30 * dayMs, activities: 365 * dayMs },
    registrationTimes: { recoveryAfterMs: 20_000, lostCreateMs: 360_000 },
    authentication: new InMemoryAuthentication(keycloak),
    withCollisionResolved: (profile, write) => withCollisionResolved(deps, profile, write),
    register: (input, attempt) => registerUser(deps, input, attempt),
  };
  return { clock, database, keycloak, registry, background, woken, deps };
}

export type SyncFixture = ReturnType<typeof createSyncFixture>;
