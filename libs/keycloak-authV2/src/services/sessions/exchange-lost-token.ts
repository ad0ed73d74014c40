import type { LostToken, Session, SessionRepository } from "@libs/database";
import { AuthError, isAuthError } from "@libs/problems";
import type { AuthMetrics } from "../../metrics/metrics.ts";
import type { SessionTokenSet } from "../../ports/ports.ts";
import { assertTokensBelong } from "../shared/seal-tokens.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import { type ExchangeTokensDeps, exchangeTokens } from "./exchange-tokens.ts";
import { isReplaced } from "./lost-token.ts";

/** For {@link exchangeLostToken}. */
export type ExchangeLostTokenDeps = Pick<SyncDeps, "refreshTimes" | "unknownTokens" | "logger"> & {
  sessions: Pick<SessionRepository, "beginRefresh">;
  metrics: Pick<AuthMetrics, "sessionHealed">;
} & ExchangeTokensDeps;

/**
 * What comes of a refresh token that its session's row does not know.
 * `healed`: Keycloak took it, it is newer than the row's: the row has its successor now.
 * `replaced`: Keycloak knows it, and something newer: somebody goes on with a copy.
 * `overtaken`: the row was changed meanwhile, or another is at it: read it again.
 */
export type LostExchange =
  | { outcome: "healed"; tokens: SessionTokenSet }
  | { outcome: "replaced" | "overtaken"; answered: boolean };

/** Ends an exchange without a word to the caller. */
class ReplacedToken extends Error {}

/**
 * Exchanges a refresh token that the database has lost, under the session's lease, as {@link exchangeTokens} does the
 * current one. Whoever else brings it, to any replica, finds it among the spent ones afterwards.
 * @param askKeycloak exchanges it: Keycloak takes only its own, of this client, of a session that lives
 * @throws AuthError `session.invalid` when Keycloak does not take it: the row is left alone, since anybody can write such
 *   a token; `session.busy` when there are too many of them; `keycloak.*`; database errors as the repositories throw them
 */
export async function exchangeLostToken(
  deps: ExchangeLostTokenDeps,
  session: Session,
  lost: LostToken,
  askKeycloak: () => Promise<SessionTokenSet>,
): Promise<LostExchange> {
  const { sessions, refreshTimes, unknownTokens, metrics, logger } = deps;
  unknownTokens.check(session.sessionId, lost.refreshTokenHash);
  const refreshTokenHash = session.refreshTokenHash ?? "";
  const attempt = await sessions.beginRefresh(session.sessionId, refreshTokenHash, refreshTimes.leaseMs);
  if (attempt?.fence == null) return { outcome: "overtaken", answered: false };
  const ask = async () => {
    const tokens = await unknownTokens.ask(session.sessionId, lost.refreshTokenHash, () =>
      askKeycloak().catch(asUnknown),
    );
    assertTokensBelong(tokens.access_token, attempt.session);
    if (isReplaced(lost, attempt.session)) throw new ReplacedToken();
    return tokens;
  };
  try {
    const lease = { session: attempt.session, refreshTokenHash, fence: attempt.fence, lost };
    const exchange = await exchangeTokens(deps, lease, ask);
    if (!exchange.stored) return { outcome: "overtaken", answered: exchange.answered };
    metrics.sessionHealed();
    const { sessionId, userId } = session;
    logger.warn({ sessionId, userId }, "a session continued with a refresh token that the database had lost");
    return { outcome: "healed", tokens: exchange.tokens };
  } catch (error) {
    if (error instanceof ReplacedToken) return { outcome: "replaced", answered: false };
    throw error;
  }
}

/** Of a token that nobody knows, Keycloak's refusal says nothing about the session; that it was replaced, everything. */
function asUnknown(error: unknown): never {
  if (!isAuthError(error, "session.refused")) throw error;
  if (error.replaced) throw new ReplacedToken();
  throw new AuthError("session.invalid", { internal: `an unknown refresh token: ${error.internal}` });
}
