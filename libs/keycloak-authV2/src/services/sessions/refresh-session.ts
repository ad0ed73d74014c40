import type { RefreshAttempt, Session, SessionRepository } from "@libs/database";
import { deadlinePassed, remainingMs } from "@libs/observability";
import { AuthError } from "@libs/problems";
import { hashToken } from "../../crypto/index.ts";
import type { AuthMetrics } from "../../metrics/metrics.ts";
import type { ClientDetails, KeycloakAuthentication, SessionTokenSet } from "../../ports/ports.ts";
import {
  type FollowDeps,
  followAtKeycloak,
  planLogout,
  type QueueLogoutDeps,
  queueLogout,
} from "../shared/end-at-keycloak.ts";
import { openTokens } from "../shared/seal-tokens.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import { type ExchangeLostTokenDeps, exchangeLostToken } from "./exchange-lost-token.ts";
import { type ExchangeTokensDeps, exchangeTokens, type Lease } from "./exchange-tokens.ts";
import { lostTokenOf } from "./lost-token.ts";

/** For {@link SessionRefresher}: its times, the row, and what exchanging a token and ending a session use. */
export type RefreshDeps = Pick<SyncDeps, "refreshTimes" | "now" | "cipher" | "logger" | "background"> & {
  authentication: Pick<KeycloakAuthentication, "refreshToken">;
  sessions: Pick<SessionRepository, "beginRefresh" | "end">;
  metrics: Pick<AuthMetrics, "refreshTokenReuse">;
} & ExchangeTokensDeps &
  ExchangeLostTokenDeps &
  QueueLogoutDeps &
  FollowDeps;

export interface RefreshInput {
  sessionId: string;
  refreshToken: string;
}

/**
 * Refreshes sessions for callers that hold a `sessionId` and its refresh token. Callers of one process that bring the
 * same token at once share one call to Keycloak; of several processes the one with the session's lease calls, the others
 * wait for its result in the row. A token that was replaced moments ago gets its successor's answer. One that the row does
 * not know, and Keycloak does, was issued in commits that the database has lost: the newest heals the row.
 */
export class SessionRefresher {
  readonly #inFlight = new Map<string, Promise<SessionTokenSet>>();

  constructor(private readonly deps: RefreshDeps) {}

  /**
   * @param client whom Keycloak shall see; of callers who share a call, the first one's
   * @throws AuthError `session.invalid` (unknown, foreign, ended: nothing is changed) | `session.refused` (Keycloak
   *   ended it: so is the row) | `session.reuse_detected` (a spent token past the grace: ended on both sides) |
   *   `session.busy` (another's refresh takes too long, or too many unknown tokens are asked about) | `token.undecryptable` | `keycloak.*` (the session stays)
   */
  async refresh(input: RefreshInput, client: ClientDetails = {}): Promise<SessionTokenSet> {
    const hash = hashToken(input.refreshToken);
    const key = `${input.sessionId} ${hash}`;
    const running = this.#inFlight.get(key);
    if (running) return await running;
    const started = this.#refresh(input, hash, client).finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, started);
    return await started;
  }

  async #refresh(input: RefreshInput, hash: string, client: ClientDetails): Promise<SessionTokenSet> {
    const { sessions, authentication } = this.deps;
    const { leaseMs, pollMs, waitMs } = this.deps.refreshTimes;
    const askKeycloak = () => authentication.refreshToken(input.refreshToken, client);
    const waitUntil = Date.now() + remainingMs(waitMs);
    let exchanged = false;
    for (;;) {
      const attempt = await sessions.beginRefresh(input.sessionId, hash, leaseMs);
      const healed = await this.#heal(attempt, input.refreshToken, hash, askKeycloak);
      if (healed?.tokens) return healed.tokens;
      exchanged ||= healed?.answered ?? false;
      const answer = healed ? null : await this.#answerOfTheRow(attempt, exchanged);
      if (answer) return answer;
      const lease = healed ? null : leaseOf(attempt, hash);
      if (lease) {
        const outcome = await exchangeTokens(this.deps, lease, askKeycloak);
        if (outcome.stored) return outcome.tokens;
        exchanged ||= outcome.answered;
      } else if (Date.now() + pollMs >= waitUntil || deadlinePassed()) {
        throw new AuthError("session.busy", { internal: "another refresh of this session takes too long" });
      } else await Bun.sleep(pollMs);
    }
  }

  /**
   * What comes of a token that a live row does not know, and that may have been lost.
   * @returns null: it is no such token. Without tokens: the row has to be read again
   */
  async #heal(
    attempt: RefreshAttempt | null,
    refreshToken: string,
    hash: string,
    askKeycloak: () => Promise<SessionTokenSet>,
  ): Promise<{ tokens?: SessionTokenSet; answered: boolean } | null> {
    if (attempt?.standing !== "unknown") return null;
    const { session } = attempt;
    const { now, refreshTimes, cipher } = this.deps;
    const lost = lostTokenOf(session, refreshToken, hash, now());
    if (!lost) return null;
    const exchange = await exchangeLostToken(this.deps, session, lost, askKeycloak);
    if (exchange.outcome === "healed") return { tokens: exchange.tokens, answered: true };
    if (exchange.outcome === "overtaken") return { answered: exchange.answered };
    // Nobody knows when it was replaced: not before it was issued.
    if (now().getTime() - lost.issuedAt.getTime() > refreshTimes.graceMs) throw await this.#endStolen(session);
    return { tokens: openTokens(cipher, session, now()), answered: false };
  }

  /**
   * What the row alone answers.
   * @param exchanged Keycloak has given this caller tokens that it could not store
   * @returns null when the token is the current one and Keycloak has to be asked
   */
  async #answerOfTheRow(found: RefreshAttempt | null, exchanged: boolean): Promise<SessionTokenSet | null> {
    const { sessions, now, refreshTimes, cipher } = this.deps;
    if (!found || (found.standing === "unknown" && !(exchanged && found.session.endedAt)))
      throw new AuthError("session.invalid");
    const { session } = found;
    if (session.endedAt) throw await this.#ended(session, exchanged);
    if (session.refreshExpiresAt && session.refreshExpiresAt <= now()) {
      await sessions.end(session.sessionId, "expired", now());
      throw new AuthError("session.invalid", { internal: "the refresh token has expired" });
    }
    if (found.standing === "current") return null;
    const spentForMs = now().getTime() - (found.spentAt?.getTime() ?? 0);
    if (spentForMs <= refreshTimes.graceMs) return openTokens(cipher, session, now());
    throw await this.#endStolen(session);
  }

  async #ended(session: Session, exchanged: boolean): Promise<AuthError> {
    if (!exchanged) return new AuthError("session.invalid");
    await queueLogout(this.deps, session, "ended_during_refresh");
    this.#endAtKeycloak(session);
    return new AuthError("session.invalid", { internal: "the session ended during its refresh" });
  }

  async #endStolen(session: Session): Promise<AuthError> {
    const { sessions, now, logger, metrics } = this.deps;
    const { sessionId, userId } = session;
    const ended = await sessions.end(sessionId, "refresh_token_reuse", now(), { logout: planLogout(now()) });
    if (!ended) return new AuthError("session.invalid");
    metrics.refreshTokenReuse();
    this.#endAtKeycloak(session);
    logger.warn({ userId, sessionId }, "a spent refresh token was presented: the session was ended");
    return new AuthError("session.reuse_detected");
  }

  #endAtKeycloak({ keycloakSessionId }: Session): void {
    const { background } = this.deps;
    background.run("end session at Keycloak", () => followAtKeycloak(this.deps, keycloakSessionId));
  }
}

function leaseOf(attempt: RefreshAttempt | null, refreshTokenHash: string): Lease | null {
  return attempt?.fence == null ? null : { session: attempt.session, refreshTokenHash, fence: attempt.fence };
}
