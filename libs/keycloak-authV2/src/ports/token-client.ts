/**
 * An answer of Keycloak's token endpoint; field names as Keycloak (and RFC 6749 §5.1) have them.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 * @see {@link TokenClient}
 */
export interface TokenSet {
  access_token: string;
  /** Seconds. */
  expires_in: number;
  refresh_token?: string;
  /** Seconds; 0 means "never", not "expired". */
  refresh_expires_in?: number;
  id_token?: string;
  token_type: string;
  session_state?: string;
  scope?: string;
  /** Seconds since the epoch: tokens that were issued before are refused; 0: none are. */
  "not-before-policy"?: number;
}

/**
 * The tokens of a user session, which always has a refresh token and a `sid`.
 * @see {@link TokenClient}
 */
export interface SessionTokenSet extends TokenSet {
  refresh_token: string;
  /** Seconds; 0 means "never", not "expired". */
  refresh_expires_in: number;
  /** Keycloak's `sid`. */
  session_state: string;
}

/**
 * A person's credentials, for the password grant (RFC 6749 §4.3).
 * @see {@link TokenClient}
 */
export interface PasswordGrant {
  username: string;
  password: string;
  otp?: string;
  /** Sent as the only `X-Forwarded-For` entry, so that Keycloak's events and brute-force protection see the person. */
  ipAddress?: string;
  userAgent?: string;
}

/**
 * A session that Keycloak has opened for a login.
 * @see {@link TokenClient}
 */
export interface OpenedSession {
  /** `sid` */
  keycloakSessionId: string;
  /** `sub` of its tokens, unverified; null: they name none. */
  userId: string | null;
  /** Null: the answer has none. */
  refreshToken: string | null;
}

/**
 * PORT: the OIDC endpoints that the gateway calls as a confidential client.
 * @see https://www.rfc-editor.org/rfc/rfc6749
 * @example
 * ```ts
 * import type { OpenedSession, PasswordGrant, SessionTokenSet, TokenClient, TokenSet } from "@libs/keycloak-authV2";
 *
 * const grant: PasswordGrant = { username: "ada", password: "correct-horse-1", ipAddress: "203.0.113.7" };
 * const expiry = ({ expires_in }: TokenSet) => new Date(Date.now() + expires_in * 1000);
 *
 * export async function logInAndOut(tokens: TokenClient): Promise<boolean> {
 *   const opened: OpenedSession[] = [];
 *   const first: SessionTokenSet = await tokens.passwordGrant(grant, (session) => void opened.push(session));
 *   const second = await tokens.refresh(first.refresh_token);
 *   console.log(opened[0]?.keycloakSessionId, expiry(second));
 *   return tokens.logout(second.refresh_token);
 * }
 * ```
 */
export interface TokenClient {
  /**
   * Never retried.
   * @param onOpened called as soon as Keycloak's answer names a session, whatever else is wrong with that answer; also
   *   after a `keycloak.timeout`, where the answer comes late
   * @throws AuthError `auth.*` (the person is refused) | `keycloak.*`
   */
  passwordGrant(grant: PasswordGrant, onOpened?: (session: OpenedSession) => void): Promise<SessionTokenSet>;
  /** @throws AuthError `session.refused` (terminal: the session is over) | `keycloak.*` (the session stays) */
  refresh(refreshToken: string, client?: { ipAddress?: string; userAgent?: string }): Promise<SessionTokenSet>;
  /**
   * Idempotent; a token that Keycloak no longer knows counts as logged out.
   * @returns whether Keycloak took the token; false: it refuses it
   * @throws AuthError `keycloak.*`
   */
  logout(refreshToken: string): Promise<boolean>;
}
