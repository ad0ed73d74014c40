import type { FeedRepository, NewNotice } from "@libs/database";
import type { Logger } from "@libs/observability";
import { AuthError } from "@libs/problems";
import type { LogoutToken, LogoutTokenVerifier } from "../ports/ports.ts";
import { later } from "../services/shared/back-off.ts";
import { authErrors, toAuthError } from "../services/shared/database-failure.ts";
import type { Wake } from "../workers/index.ts";

export interface ReceiveLogoutTokenDeps {
  logoutTokenVerifier: LogoutTokenVerifier;
  feed: Pick<FeedRepository, "storeEvents">;
  now: () => Date;
  wake: Wake;
  logger: Logger;
}

/**
 * Keycloak notifies us before it commits, and waits for the answer: a check right away would still find the session (it
 * was gone 10 to 120 ms after the answer). Milliseconds.
 */
const SETTLE_MS = 250;

/**
 * Takes a logout token from Keycloak's back channel: stores a notice, once for each `jti`, and returns. Ends nothing
 * itself, so that a token can't end what still lives in Keycloak, and Keycloak is not kept waiting.
 * @throws AuthError `logout_token.invalid` | `logout_token.replayed` | `keycloak.unavailable` | `database.*`
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest
 */
export async function receiveLogoutToken(
  deps: ReceiveLogoutTokenDeps,
  token: string,
  settleMs = SETTLE_MS,
): Promise<void> {
  const { logoutTokenVerifier, feed, now, wake, logger } = deps;
  try {
    const claims = await logoutTokenVerifier.verifyLogoutToken(token);
    const notices = [noticeOf(claims, later(now(), settleMs))];
    const event = { id: claims.jti, notices };
    const stored = await authErrors(() => feed.storeEvents({ source: "backchannel_logout", events: [event] }, now()));
    if (!stored?.includes(claims.jti)) throw new AuthError("logout_token.replayed");
  } catch (thrown) {
    const error = toAuthError(thrown);
    logger.info({ code: error.code, reason: error.internal }, "logout token refused");
    throw error;
  }
  setTimeout(() => wake("notices"), settleMs).unref();
}

function noticeOf({ sid, sub, issuedAt }: LogoutToken, notBefore: Date): NewNotice {
  const rest = { source: "backchannel_logout", changedAt: issuedAt, notBefore } as const;
  if (sid !== null) return { kind: "session", subject: sid, ...rest };
  if (sub !== null) return { kind: "sessions", subject: sub, ...rest };
  throw new AuthError("logout_token.invalid", { internal: "neither sub nor sid" });
}
