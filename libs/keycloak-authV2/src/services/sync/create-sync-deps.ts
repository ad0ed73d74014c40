import { createRepositories } from "@libs/database";
import { BackgroundTasks, type Logger, silentLogger } from "@libs/observability";
import { type Secret, secretFromEnvironment } from "@libs/observability/secrets";
import { createRequestFingerprint, keyRingFault, keyRingSource, TokenCipher } from "../../crypto/index.ts";
import { createAuthMetrics } from "../../metrics/metrics.ts";
import type { KeycloakAuthentication, KeycloakUserRepository } from "../../ports/ports.ts";
import type { Wake } from "../../workers/index.ts";
import type { FacadeParts } from "../integration/index.ts";
import { createRealmProfile } from "../shared/realm-profile.ts";
import { UnknownTokenGate } from "../shared/unknown-token-gate.ts";
import type { ComposedDeps } from "./composed-deps.ts";

/**
 * How {@link UserSyncService} works. Everything may be left out.
 * @see {@link UserSyncService}
 */
export interface UserSyncOptions {
  /**
   * `id:base64,…`: the first encrypts, all decrypt; asked for at each use where it is a function. Default:
   * `TOKEN_ENCRYPTION_KEYS`, or the file that `TOKEN_ENCRYPTION_KEYS_FILE` names.
   */
  tokenEncryptionKeys?: Secret;
  /** How long a replaced refresh token still gets its successor's answer. Milliseconds; default 60 000. */
  refreshGraceMs?: number;
  /**
   * How long one refresh keeps others, of any replica, away from Keycloak; a holder that died is overtaken after it.
   * Longer than Keycloak's time limit. Milliseconds; default 3500.
   */
  refreshLeaseMs?: number;
  now?: () => Date;
  logger?: Logger;
  /** Work that outlives its request; a process drains it before it stops. */
  background?: BackgroundTasks;
  /** Has one of {@link UserSyncService.sweeps} run soon; see `startSweeps`. Left out: they run at their interval alone. */
  wake?: Wake;
  /** How long a registration is left to its own process before recovery takes it up. Milliseconds; default 20 000. */
  recoveryAfterMs?: number;
  /** How long a create whose answer was lost may still land in Keycloak. Milliseconds; default 360 000. */
  lostCreateMs?: number;
  /** How long an answer is kept under its `Idempotency-Key`. Milliseconds; default 24 hours. */
  idempotencyTtlMs?: number;
  /** How long finished registrations, ended sessions (default 30 days) and the activity log (365) are kept. Milliseconds. */
  retentionMs?: { registrations?: number; sessions?: number; activities?: number };
}

/**
 * All that a `UserSyncService` is made of, in one object.
 * @see {@link UserSyncService}
 */
export interface UserSyncSetup extends FacadeParts, UserSyncOptions {
  /** Keycloak's users: `KeycloakIntegrationService.userRepository`. */
  repository: KeycloakUserRepository;
  /**
   * Logins and sessions at Keycloak, which `login`, `refreshSession` and `logoutSession` need: the
   * `KeycloakIntegrationService` itself.
   */
  authentication?: KeycloakAuthentication;
}

/**
 * What the flows depend on, with safe defaults: for the facades, which are composition roots.
 * @throws KeyRingError when no valid key ring is given, here or in `TOKEN_ENCRYPTION_KEYS`
 */
export function createSyncDeps(setup: UserSyncSetup): ComposedDeps {
  const keyRing = keyRingSource(
    setup.tokenEncryptionKeys ?? secretFromEnvironment("TOKEN_ENCRYPTION_KEYS", process.env, { check: keyRingFault }),
  );
  return {
    ...createKeylessDeps(setup),
    cipher: new TokenCipher(keyRing),
    fingerprint: createRequestFingerprint(keyRing),
  };
}

/** The same for flows that neither read a token nor compare a request with an earlier one: they need no key. */
export function createKeylessDeps({
  repository,
  database,
  metrics,
  ...options
}: Omit<UserSyncSetup, "tokenEncryptionKeys">): Omit<ComposedDeps, "cipher" | "fingerprint"> {
  const logger = options.logger ?? silentLogger;
  const authMetrics = createAuthMetrics(metrics);
  const now = options.now ?? (() => new Date());
  return {
    keycloak: repository,
    realmProfile: createRealmProfile({ keycloak: repository, now, logger }),
    ...createRepositories(database, authMetrics.observeDatabase),
    now,
    refreshTimes: {
      graceMs: options.refreshGraceMs ?? 60_000,
      leaseMs: options.refreshLeaseMs ?? 3_500,
      pollMs: 50,
      waitMs: 2 * (options.refreshLeaseMs ?? 3_500),
    },
    unknownTokens: new UnknownTokenGate(),
    metrics: authMetrics,
    logger,
    background: options.background ?? new BackgroundTasks(logger),
    wake: options.wake ?? (() => {}),
    idempotencyTtlMs: options.idempotencyTtlMs ?? 24 * 3_600_000,
    retentionMs: {
      registrations: options.retentionMs?.registrations ?? 30 * 24 * 3_600_000,
      sessions: options.retentionMs?.sessions ?? 30 * 24 * 3_600_000,
      activities: options.retentionMs?.activities ?? 365 * 24 * 3_600_000,
    },
    registrationTimes: {
      recoveryAfterMs: options.recoveryAfterMs ?? 20_000,
      lostCreateMs: options.lostCreateMs ?? 360_000,
    },
  };
}
