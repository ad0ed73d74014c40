/**
 * A Keycloak session that must still be ended there.
 * @see {@link KeycloakLogoutRepository}
 */
export interface KeycloakLogout {
  /** Keycloak's `sid`. */
  keycloakSessionId: string;
  userId: string;
  /** Why the session ended here, for operators. */
  reason: string;
  attempts: number;
  /** An error code, never a message. */
  lastError: string | null;
  nextAttemptAt: Date;
  createdAt: Date;
  /** From then on Keycloak can't hold the session any more. */
  expiresAt: Date;
}

/**
 * A session to be ended in Keycloak.
 * @see {@link KeycloakLogoutRepository}
 */
export type NewKeycloakLogout = Omit<KeycloakLogout, "attempts" | "lastError">;

/**
 * An attempt that failed: the error's code, and when the next attempt is due.
 * @see {@link KeycloakLogoutRepository}
 */
export interface FailedLogout {
  keycloakSessionId: string;
  error: string;
  nextAttemptAt: Date;
}

/**
 * PORT: logouts that Keycloak has not confirmed yet. A row goes when it has, or when the session can't exist any more.
 * @example
 * ```ts
 * import {
 *   COUNTED_AT_MOST,
 *   type FailedLogout,
 *   type KeycloakLogout,
 *   type KeycloakLogoutRepository,
 *   type NewKeycloakLogout,
 * } from "@libs/database";
 *
 * export async function sweep(logouts: KeycloakLogoutRepository, end: (sid: string) => Promise<void>, now: Date) {
 *   const due: KeycloakLogout[] = await logouts.claimDue(now, new Date(now.getTime() + 30_000), 50);
 *   const failures: FailedLogout[] = [];
 *   for (const { keycloakSessionId } of due) {
 *     await end(keycloakSessionId).then(
 *       () => logouts.remove(keycloakSessionId),
 *       () => failures.push({ keycloakSessionId, error: "keycloak.unavailable", nextAttemptAt: now }),
 *     );
 *   }
 *   await logouts.recordFailures(failures);
 *   const { count } = await logouts.countWaiting();
 *   return count === COUNTED_AT_MOST ? "many" : String(count);
 * }
 * export const queue = (logouts: KeycloakLogoutRepository, logout: NewKeycloakLogout) => logouts.add([logout]);
 * ```
 */
export interface KeycloakLogoutRepository {
  /** Rows that are there already stay as they are. */
  add(logouts: readonly NewKeycloakLogout[]): Promise<void>;
  /** Keycloak has ended the session. @returns whether it was waiting */
  remove(keycloakSessionId: string): Promise<boolean>;
  /**
   * Takes what is due, oldest first, each row for one caller alone: until `claimedUntil` nobody else gets it, and after
   * that it is due again, should this caller have died. Counts as an attempt.
   */
  claimDue(now: Date, claimedUntil: Date, limit: number): Promise<KeycloakLogout[]>;
  /** The same as {@link remove} for many, in one statement. */
  removeAll(keycloakSessionIds: readonly string[]): Promise<void>;
  recordFailures(failures: readonly FailedLogout[]): Promise<void>;
  /** @returns the rows that were given up, because their session can't exist any more; those that expired first, first */
  removeExpired(now: Date, limit: number): Promise<KeycloakLogout[]>;
  /** How many wait, counted up to {@link COUNTED_AT_MOST}, and since when the oldest does. */
  countWaiting(): Promise<{ count: number; oldestCreatedAt: Date | null }>;
}
