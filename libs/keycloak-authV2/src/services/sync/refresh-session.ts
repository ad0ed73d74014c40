import type { Session } from "@libs/database";
import { hashToken } from "../../crypto/index.ts";
import { AuthError, isAuthError } from "../../errors/index.ts";
import type { SessionTokenSet } from "../../ports.ts";
import { assertTokensBelong, openTokens, plainTokens, sealTokens } from "./seal-tokens.ts";
import type { SyncDeps } from "./sync-deps.ts";

export interface RefreshInput {
  sessionId: string;
  refreshToken: string;
}

/** Asks Keycloak for new tokens: `KeycloakIntegrationService.refreshToken`. */
export type RefreshAtKeycloak = (refreshToken: string) => Promise<SessionTokenSet>;

/**
 * Refreshes sessions for callers that hold a `sessionId` and its refresh token. Callers of one process that bring the
 * same token at once share one call to Keycloak; a token that was replaced moments ago gets its successor's answer.
 */
export class SessionRefresher {
  readonly #inFlight = new Map<string, Promise<SessionTokenSet>>();

  constructor(private readonly deps: SyncDeps) {}

  /**
   * @throws AuthError `session.invalid` (unknown, foreign, ended: nothing is changed) | `session.refused` (Keycloak
   *   ended it: so is the row) | `session.reuse_detected` (a spent token past the grace: ended on both sides) |
   *   `keycloak.*` (the session stays)
   */
  async refresh(input: RefreshInput, atKeycloak: RefreshAtKeycloak): Promise<SessionTokenSet> {
    const hash = hashToken(input.refreshToken);
    const key = `${input.sessionId} ${hash}`;
    const running = this.#inFlight.get(key);
    if (running) return await running;
    const started = this.#refresh(input, hash, atKeycloak).finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, started);
    return await started;
  }

  async #refresh(input: RefreshInput, hash: string, atKeycloak: RefreshAtKeycloak): Promise<SessionTokenSet> {
    const { sessions, now, refreshGraceMs } = this.deps;
    const found = await sessions.findWithStanding(input.sessionId, hash);
    if (!found || found.standing === "unknown" || found.session.endedAt) throw new AuthError("session.invalid");
    const { session } = found;
    if (session.refreshExpiresAt && session.refreshExpiresAt <= now()) {
      await sessions.end(session.sessionId, "expired", now());
      throw new AuthError("session.invalid", { internal: "the refresh token has expired" });
    }
    if (found.standing === "spent") {
      const spentForMs = now().getTime() - (found.spentAt?.getTime() ?? 0);
      if (spentForMs <= refreshGraceMs) return openTokens(this.deps.cipher, session, now());
      throw await this.#endStolen(session);
    }
    return await this.#exchange(session, hash, input.refreshToken, atKeycloak);
  }

  async #exchange(
    session: Session,
    hash: string,
    refreshToken: string,
    atKeycloak: RefreshAtKeycloak,
  ): Promise<SessionTokenSet> {
    const { sessions, cipher, now } = this.deps;
    const tokens = await this.#askKeycloak(session, refreshToken, atKeycloak);
    assertTokensBelong(tokens.access_token, session);
    const at = now();
    const sealed = sealTokens(cipher, session.sessionId, plainTokens(tokens, at));
    if (await sessions.replaceTokens(session.sessionId, hash, sealed, at)) return tokens;
    return await this.#answerOfTheWinner(session);
  }

  async #askKeycloak(session: Session, refreshToken: string, atKeycloak: RefreshAtKeycloak): Promise<SessionTokenSet> {
    try {
      return await atKeycloak(refreshToken);
    } catch (error) {
      if (isAuthError(error, "session.refused")) {
        await this.deps.sessions.end(session.sessionId, "refresh_refused", this.deps.now());
      }
      throw error;
    }
  }

  /** Somebody else ended or refreshed the session while Keycloak answered: theirs is the row that counts. */
  async #answerOfTheWinner({ sessionId, keycloakSessionId }: Session): Promise<SessionTokenSet> {
    const { sessions, cipher, now, keycloak, background } = this.deps;
    const session = await sessions.findById(sessionId);
    if (session && !session.endedAt) return openTokens(cipher, session, now());
    background.run("end session at Keycloak", () => keycloak.deleteSession(keycloakSessionId));
    throw new AuthError("session.invalid", { internal: "the session ended during its refresh" });
  }

  async #endStolen({ sessionId, keycloakSessionId, userId }: Session): Promise<AuthError> {
    const { sessions, now, keycloak, background, logger } = this.deps;
    await sessions.end(sessionId, "refresh_token_reuse", now());
    background.run("end session at Keycloak", () => keycloak.deleteSession(keycloakSessionId));
    logger.warn({ userId, sessionId }, "a spent refresh token was presented: the session was ended");
    return new AuthError("session.reuse_detected");
  }
}
