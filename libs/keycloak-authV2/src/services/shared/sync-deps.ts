import type { BackgroundTasks, Logger } from "@libs/observability";
import type { RequestFingerprint, TokenCipher } from "../../crypto/index.ts";
import type { Wake } from "../../workers/index.ts";
import type { RealmProfile } from "./realm-profile.ts";
import type { UnknownTokenGate } from "./unknown-token-gate.ts";

/** The time limits of refreshes. Milliseconds. */
export interface RefreshTimes {
  /** How long a replaced refresh token still gets its successor's answer: parallel tabs, lost answers. */
  graceMs: number;
  /** How long one refresh keeps others away from Keycloak: longer than Keycloak's own time limit. */
  leaseMs: number;
  /** Between two reads of a session that another is refreshing. */
  pollMs: number;
  /** How long a caller without a deadline of its own waits for another's refresh. */
  waitMs: number;
}

/** The time limits of registrations. Milliseconds. */
export interface RegistrationTimes {
  /** How long a registration is left to its own process before recovery takes it up. */
  recoveryAfterMs: number;
  /** How long a create whose answer was lost may still land in Keycloak. */
  lostCreateMs: number;
}

/**
 * What flows share beside their ports: a clock, times, and where to report what happened. No flow is given it as a whole:
 * each picks what it uses, and names its ports, in a type beside its function, so that its needs can be read there and a
 * test can bring no more than those.
 */
export interface SyncDeps {
  /** How long an answer is kept under its `Idempotency-Key`. Milliseconds. */
  idempotencyTtlMs: number;
  /** How long finished rows are kept. Milliseconds. */
  retentionMs: { registrations: number; sessions: number; activities: number };
  /** Distinguishes a repeated request from another one. */
  fingerprint: RequestFingerprint;
  /** What the realm asks of people who register. */
  realmProfile: RealmProfile;
  cipher: TokenCipher;
  now: () => Date;
  refreshTimes: RefreshTimes;
  /** Bounds what Keycloak is asked about refresh tokens that no row knows. */
  unknownTokens: UnknownTokenGate;
  logger: Logger;
  background: BackgroundTasks;
  /** Has a sweep run soon, on some replica. */
  wake: Wake;
  registrationTimes: RegistrationTimes;
}
