import type { LostToken, Session } from "@libs/database";
import { expiryOf, readClaims } from "../shared/token-times.ts";

/** Clocks of Keycloak and of this process may differ by that much. Milliseconds. */
const CLOCK_SKEW_MS = 5 * 60_000;

/**
 * Whether a refresh token that a live session does not know may be one that its database has lost: commits are lost by a
 * failover to an asynchronous standby, and by a restore to a point in time. By its claims alone, which anybody can write:
 * only Keycloak can say whether they are its own (it signs refresh tokens with a key of its own, HS512). So this keeps
 * Keycloak from being asked about what it can't have issued for this session.
 * @returns the token's hash and time of issue; null: it is of another session or user, of another kind, or over
 */
export function lostTokenOf(
  session: Session,
  refreshToken: string,
  refreshTokenHash: string,
  now: Date,
): LostToken | null {
  const claims = readClaims(refreshToken);
  if (!claims || session.endedAt || session.refreshTokenHash === null) return null;
  if (claims.typ !== "Refresh" && claims.typ !== "Offline") return null;
  if (claims.sid !== session.keycloakSessionId) return null;
  // Not in every client's tokens; Keycloak's answer is checked again.
  if (claims.sub !== undefined && claims.sub !== session.userId) return null;
  const expiresAt = expiryOf(claims);
  if (expiresAt && expiresAt <= now) return null;
  const { iat } = claims;
  if (!Number.isSafeInteger(iat) || iat === undefined || iat <= 0) return null;
  if (iat * 1000 > now.getTime() + CLOCK_SKEW_MS) return null;
  return { refreshTokenHash, issuedAt: new Date(iat * 1000) };
}

const wholeSecond = (time: Date) => new Date(Math.floor(time.getTime() / 1000) * 1000);

/**
 * Whether a lost token was issued before the one that the row has: then something came after it, and it was replaced.
 * Times of issue are whole seconds: of the same second, the one that the row does not know is the later one, because the
 * row knows every token that it had before. A row that was healed has lost some, and a time after all of that second.
 */
export function isReplaced({ issuedAt }: LostToken, session: Session): boolean {
  const { tokensIssuedAt, refreshedAt, startedAt } = session;
  return issuedAt < (tokensIssuedAt ?? wholeSecond(refreshedAt ?? startedAt));
}
