/**
 * Token columns hold ciphertext only; `refreshTokenHash` recognises a refresh token without keeping it.
 * @see {@link SessionRepository}
 */
export interface SessionTokens {
  accessToken: string;
  refreshToken: string | null;
  idToken: string | null;
  refreshTokenHash: string | null;
  tokenExpiresAt: Date;
  /** null: the refresh token has no `exp` (offline tokens, unless the realm limits their life). */
  refreshExpiresAt: Date | null;
  /** When Keycloak issued them, in whole seconds, or the last millisecond of one; null: not known. */
  tokensIssuedAt: Date | null;
  /** Whether Keycloak keeps it in its list of offline sessions: by the refresh token's `typ`. null: not known. */
  offline: boolean | null;
}

/**
 * One login of one person: a row of `sessions`.
 * @see {@link SessionRepository}
 */
export interface Session extends SessionTokens {
  sessionId: string;
  userId: string;
  /** Keycloak's `sid`: 24 characters of base64url, not a UUID. */
  keycloakSessionId: string;
  /** The refresh token before the current one, accepted during the grace period. */
  previousRefreshTokenHash: string | null;
  /** When the current refresh token replaced the previous one. */
  refreshedAt: Date | null;
  /** A password that was set by then does not end it: it was set in this session. null: set before its start. */
  keptAsOf: Date | null;
  ipAddress: string | null;
  userAgent: string | null;
  startedAt: Date;
  lastSeenAt: Date;
  endedAt: Date | null;
  endReason: SessionEndReason | null;
}

/**
 * Why a session ended.
 * @see {@link SessionRepository}
 */
export type SessionEndReason =
  | "logout"
  | "logout_everywhere"
  | "login_failed"
  | "refresh_refused"
  | "refresh_token_reuse"
  | "expired"
  | "user_deleted"
  | "user_disabled"
  | "password_changed"
  /** By its person, from another session. */
  | "ended_elsewhere"
  /** Ended in Keycloak: signed out there, by its person or an administrator. */
  | "ended_in_keycloak"
  | "admin";

/**
 * A live session, without its tokens.
 * @see {@link SessionRepository}
 */
export type LiveSession = Pick<
  Session,
  "sessionId" | "userId" | "keycloakSessionId" | "refreshExpiresAt" | "startedAt" | "offline" | "keptAsOf"
>;

/**
 * A live session as its person sees it.
 * @see {@link SessionRepository}
 */
export type PersonSession = Pick<
  Session,
  "sessionId" | "keycloakSessionId" | "ipAddress" | "userAgent" | "startedAt" | "lastSeenAt"
>;
