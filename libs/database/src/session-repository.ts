import type { KeycloakProfile, User } from "./user-repository.ts";

/** Token columns hold ciphertext only; `refreshTokenHash` recognises a refresh token without keeping it. */
export interface SessionTokens {
  accessToken: string;
  refreshToken: string | null;
  idToken: string | null;
  refreshTokenHash: string | null;
  tokenExpiresAt: Date;
  /** null: the refresh token has no `exp` (offline tokens). */
  refreshExpiresAt: Date | null;
}

export interface Session extends SessionTokens {
  sessionId: string;
  userId: string;
  /** Keycloak's `sid`: 24 characters of base64url, not a UUID. */
  keycloakSessionId: string;
  /** The refresh token before the current one, accepted during the grace period. */
  previousRefreshTokenHash: string | null;
  /** When the current refresh token replaced the previous one. */
  refreshedAt: Date | null;
  ipAddress: string | null;
  userAgent: string | null;
  startedAt: Date;
  lastSeenAt: Date;
  endedAt: Date | null;
  endReason: SessionEndReason | null;
}

export type SessionEndReason =
  | "logout"
  | "login_failed"
  | "refresh_refused"
  | "refresh_token_reuse"
  | "expired"
  | "user_deleted"
  | "user_disabled"
  | "admin";

export interface LoginRecord {
  profile: KeycloakProfile;
  /** A preference of the caller: taken only where the row has no store yet. */
  storeId: string | null;
  session: SessionTokens & {
    sessionId: string;
    keycloakSessionId: string;
    ipAddress: string | null;
    userAgent: string | null;
    startedAt: Date;
  };
  now: Date;
}

/** How a presented refresh token relates to a session. `spent`: it was this session's once and has been replaced. */
export type RefreshTokenStanding = "current" | "spent" | "unknown";

/** PORT: application sessions. Every write is one transaction. */
export interface SessionRepository {
  /**
   * One transaction: upsert the user (a tombstone is revived), `lastLoginAt`, `loginCount + 1`, insert the session,
   * log `session.started`.
   * @throws UniqueViolationError when another live user holds the username or email (nothing is written)
   * @throws ForeignKeyViolationError when `storeId` does not exist (nothing is written)
   */
  recordLogin(login: LoginRecord): Promise<{ user: User; session: Session }>;
  findById(sessionId: string): Promise<Session | null>;
  /** The session, what `refreshTokenHash` is to it, and when it was spent (null unless `spent`), in one round trip. */
  findWithStanding(
    sessionId: string,
    refreshTokenHash: string,
  ): Promise<{ session: Session; standing: RefreshTokenStanding; spentAt: Date | null } | null>;
  /**
   * Stores new tokens where the session is live and its current hash is still `expectedRefreshTokenHash`; the replaced
   * hash becomes the previous one and is kept among the spent ones. One transaction.
   * @returns the row as stored, or null when the session ended or somebody else stored first (nothing is written)
   */
  replaceTokens(
    sessionId: string,
    expectedRefreshTokenHash: string | null,
    tokens: SessionTokens,
    now: Date,
  ): Promise<Session | null>;
  /**
   * Ends a live session and erases its tokens; logs `session.ended`. The hashes stay, so that a replay is still known.
   * @returns the session as it was *before* (tokens included, for Keycloak's logout), or null when none was live
   */
  end(sessionId: string, reason: SessionEndReason, now: Date): Promise<Session | null>;
}
