/**
 * The claims of a verified access token that this library uses.
 * @see {@link TokenVerifier}
 */
export interface AccessTokenClaims {
  /** Keycloak user id. */
  sub: string;
  /** Keycloak session id. */
  sid: string;
  username: string;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  emailVerified: boolean;
  /** Client roles and realm roles, as in the token. */
  realmRoles: string[];
  clientRoles: Record<string, string[]>;
  issuedAt: Date;
  expiresAt: Date;
}

/**
 * How {@link TokenVerifier} verifies.
 * @see {@link TokenVerifier}
 */
export interface VerifyOptions {
  /**
   * Keycloak itself has just handed the token out, in answer to a call of ours: its signature may be left unchecked where
   * one of the same key was good a moment ago.
   */
  justIssued?: boolean;
}

/**
 * PORT: offline verification of access tokens (RFC 9068 §4, OIDC Core §3.1.3.7).
 * @example
 * ```ts
 * import type { AccessTokenClaims, TokenVerifier, VerifyOptions } from "@libs/keycloak-authV2";
 *
 * const options: VerifyOptions = { justIssued: true };
 *
 * export async function rolesOf(verifier: TokenVerifier, token: string): Promise<string[]> {
 *   const claims: AccessTokenClaims = await verifier.verifyAccessToken(token, options);
 *   return claims.realmRoles;
 * }
 * ```
 */
export interface TokenVerifier {
  /** @throws AuthError `token.invalid` | `keycloak.unavailable` (no key could be fetched) */
  verifyAccessToken(token: string, options?: VerifyOptions): Promise<AccessTokenClaims>;
}

/**
 * A verified logout token (OIDC Back-Channel Logout 1.0 §2.4). At least one of `sub` and `sid` is there.
 * @see {@link LogoutTokenVerifier}
 */
export interface LogoutToken {
  jti: string;
  sub: string | null;
  /** Null: every session of the user. */
  sid: string | null;
  issuedAt: Date;
  expiresAt: Date;
}

/**
 * PORT: verification of logout tokens (OIDC Back-Channel Logout 1.0 §2.6), replays excepted: `jti` is the caller's.
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation
 * @example
 * ```ts
 * import type { LogoutToken, LogoutTokenVerifier } from "@libs/keycloak-authV2";
 *
 * export async function endedSession(verifier: LogoutTokenVerifier, token: string): Promise<string | null> {
 *   const logout: LogoutToken = await verifier.verifyLogoutToken(token);
 *   return logout.sid; // null: every session of `logout.sub`
 * }
 * ```
 */
export interface LogoutTokenVerifier {
  /**
   * Uses keys that are known already: a stranger's token never costs a call.
   * @throws AuthError `logout_token.invalid` | `keycloak.unavailable` (no key was ever fetched)
   */
  verifyLogoutToken(token: string): Promise<LogoutToken>;
}
