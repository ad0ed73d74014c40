import { AuthError } from "@libs/problems";
import type { OpenedSession, PasswordGrant, SessionTokenSet, TokenClient } from "../ports/ports.ts";
import type { InMemoryKeycloak, StoredUser } from "./in-memory-keycloak.ts";
import { readMinted } from "./token-mint.ts";

const QUICK_LOGIN_MS = 1000;
const LOCK_MS = 60_000;
const FAILURE_FACTOR = 10;

/** FAKE of the OpenID Connect endpoints; passes `tokenClientContract`. */
export class InMemoryTokenClient implements TokenClient {
  readonly #keycloak: InMemoryKeycloak;

  constructor(keycloak: InMemoryKeycloak) {
    this.#keycloak = keycloak;
  }

  passwordGrant(grant: PasswordGrant, onOpened?: (session: OpenedSession) => void): Promise<SessionTokenSet> {
    return this.#keycloak.perform("password_grant", () => {
      const user = this.#authenticate(grant);
      const { mint, sessions, options } = this.#keycloak;
      const id = mint.sessionId();
      const start = wholeSecond(options.now());
      const ipAddress = grant.ipAddress ?? "127.0.0.1";
      const times = { start, lastAccess: start };
      sessions.set(id, { id, userId: user.id, username: user.username, ipAddress, ...times, ours: true });
      this.#keycloak.eventSource.recordUserEvent({ type: "LOGIN", userId: user.id, sessionId: id });
      const tokens = mint.issue(user, id);
      onOpened?.({ keycloakSessionId: id, userId: user.id, refreshToken: tokens.refresh_token });
      return tokens;
    });
  }

  refresh(refreshToken: string): Promise<SessionTokenSet> {
    return this.#keycloak.perform("refresh", () => {
      const claims = this.#readRefreshToken(refreshToken);
      const { sessions, users, mint, options } = this.#keycloak;
      const session = sessions.get(String(claims.sid));
      const user = session && users.get(session.userId);
      if (!session || !user?.enabled || Number(claims.exp) * 1000 < options.now())
        throw new AuthError("session.refused");
      session.lastAccess = wholeSecond(options.now());
      return mint.issue(user, session.id);
    });
  }

  logout(refreshToken: string): Promise<boolean> {
    return this.#keycloak.perform("logout", () => {
      const sessionId = String(readMinted(refreshToken, "Refresh")?.sid);
      const { sessions, eventSource } = this.#keycloak;
      const userId = sessions.get(sessionId)?.userId;
      const known = sessions.delete(sessionId);
      if (known && userId) eventSource.recordUserEvent({ type: "LOGOUT", userId, sessionId });
      return known;
    });
  }

  #readRefreshToken(token: string): Record<string, unknown> {
    const claims = readMinted(token, "Refresh");
    if (claims?.iss !== this.#keycloak.options.issuer) throw new AuthError("session.refused");
    return claims;
  }

  #authenticate({ username, password, otp }: PasswordGrant): StoredUser {
    const now = this.#keycloak.options.now();
    const user = this.#keycloak.findByName(username);
    if (!user || now < user.lockedUntil) throw new AuthError("auth.invalid_credentials");
    if (user.password !== password || (user.otp !== undefined && user.otp !== otp)) {
      countFailure(user, now);
      throw new AuthError("auth.invalid_credentials");
    }
    if (!user.enabled) throw new AuthError("auth.invalid_credentials");
    user.failures = 0;
    if (user.requiredActions.length > 0 || !user.firstName || !user.lastName || !user.email) {
      throw new AuthError("auth.action_required", { actionUrl: `${this.#keycloak.options.issuer}/account` });
    }
    return user;
  }
}

/** Two failures within a second lock a user for a minute, whatever the allowed number of failures. */
function countFailure(user: StoredUser, now: number): void {
  user.failures += 1;
  if (now - user.lastFailureAt < QUICK_LOGIN_MS || user.failures >= FAILURE_FACTOR) user.lockedUntil = now + LOCK_MS;
  user.lastFailureAt = now;
}

const wholeSecond = (ms: number): Date => new Date(Math.floor(ms / 1000) * 1000);
