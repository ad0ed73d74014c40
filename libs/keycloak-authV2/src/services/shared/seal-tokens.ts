import type { Session, SessionTokens } from "@libs/database";
import { AuthError } from "@libs/problems";
import { hashToken, type TokenCipher } from "../../crypto/index.ts";
import type { SessionTokenSet } from "../../ports/ports.ts";
import { expiryOf, readClaims } from "./token-times.ts";

/**
 * A session's tokens in clear, as the guide's snippets pass them.
 * @see {@link UserSyncService}
 */
export interface PlainTokens {
  accessToken: string;
  refreshToken?: string | null | undefined;
  idToken?: string | null | undefined;
  /** Used only where the access token carries no `exp`. */
  tokenExpiresAt: Date;
  /** Used only where the refresh token is not readable; a readable one without `exp` never expires. */
  refreshExpiresAt?: Date | null | undefined;
}

/** Encrypts tokens for one session's row; each ciphertext is bound to that session and column. */
export function sealTokens(cipher: TokenCipher, sessionId: string, tokens: PlainTokens): SessionTokens {
  const { accessToken, refreshToken, idToken } = tokens;
  const [accessClaims, refreshClaims] = [readClaims(accessToken), readClaims(refreshToken)];
  return {
    accessToken: cipher.encrypt(accessToken, { sessionId, column: "access_token" }),
    refreshToken: refreshToken ? cipher.encrypt(refreshToken, { sessionId, column: "refresh_token" }) : null,
    idToken: idToken ? cipher.encrypt(idToken, { sessionId, column: "id_token" }) : null,
    refreshTokenHash: refreshToken ? hashToken(refreshToken) : null,
    tokenExpiresAt: expiryOf(accessClaims) ?? tokens.tokenExpiresAt,
    refreshExpiresAt: refreshClaims ? expiryOf(refreshClaims) : (tokens.refreshExpiresAt ?? null),
    tokensIssuedAt: accessClaims?.iat === undefined ? null : new Date(accessClaims.iat * 1000),
    // Where the realm limits offline sessions their tokens have an end like others: only the type distinguishes them.
    offline: refreshClaims?.typ === undefined ? null : refreshClaims.typ === "Offline",
  };
}

/** Keycloak's answer in the form that {@link sealTokens} takes. */
export function plainTokens(tokens: SessionTokenSet, now: Date): PlainTokens {
  return {
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token,
    idToken: tokens.id_token,
    tokenExpiresAt: new Date(now.getTime() + tokens.expires_in * 1000),
    refreshExpiresAt:
      tokens.refresh_expires_in === 0 ? null : new Date(now.getTime() + tokens.refresh_expires_in * 1000),
  };
}

/**
 * The tokens of a session's row, as Keycloak would answer them now.
 * @throws AuthError `token.undecryptable`; `session.invalid` when the row holds none
 */
export function openTokens(cipher: TokenCipher, session: Session, now: Date): SessionTokenSet {
  const { sessionId } = session;
  if (session.refreshToken === null) throw new AuthError("session.invalid", { internal: "the row holds no tokens" });
  const accessToken = cipher.decrypt(session.accessToken, { sessionId, column: "access_token" });
  const scope = readClaims(accessToken)?.scope;
  return {
    access_token: accessToken,
    expires_in: secondsUntil(session.tokenExpiresAt, now),
    refresh_token: cipher.decrypt(session.refreshToken, { sessionId, column: "refresh_token" }),
    refresh_expires_in: session.refreshExpiresAt ? Math.max(1, secondsUntil(session.refreshExpiresAt, now)) : 0,
    ...(session.idToken && { id_token: cipher.decrypt(session.idToken, { sessionId, column: "id_token" }) }),
    token_type: "Bearer",
    session_state: session.keycloakSessionId,
    ...(scope !== undefined && { scope }),
  };
}

function secondsUntil(then: Date, now: Date): number {
  return Math.max(0, Math.floor((then.getTime() - now.getTime()) / 1000));
}

/**
 * Refuses tokens that belong to another session or person than the row they are meant for.
 * @throws AuthError `session.invalid`
 */
export function assertTokensBelong(accessToken: string, owner: { keycloakSessionId: string; userId: string }): void {
  const claims = readClaims(accessToken);
  if (claims?.sid !== owner.keycloakSessionId || claims.sub !== owner.userId) {
    throw new AuthError("session.invalid", { internal: "the tokens' sid or sub is not the session's" });
  }
}
