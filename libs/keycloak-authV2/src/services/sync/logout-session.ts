import { hashToken } from "../../crypto/index.ts";
import { AuthError } from "../../errors/index.ts";
import type { SyncDeps } from "./sync-deps.ts";

export interface LogoutInput {
  sessionId: string;
  refreshToken: string;
}

/** Ends the Keycloak session of a refresh token: `KeycloakIntegrationService.logout`. */
export type LogoutAtKeycloak = (refreshToken: string) => Promise<void>;

/**
 * Ends a session on both sides: first the local one, so that it is over whatever Keycloak says. Idempotent: a session
 * that has ended is logged out of Keycloak once more, which makes a retry after `keycloak.*` safe.
 * @throws AuthError `session.invalid` (unknown session, or a token that was never this session's: nothing is changed)
 *   | `keycloak.*` (the local session has ended)
 */
export async function logoutSession(
  { sessions, now }: Pick<SyncDeps, "sessions" | "now">,
  { sessionId, refreshToken }: LogoutInput,
  atKeycloak: LogoutAtKeycloak,
): Promise<void> {
  const found = await sessions.findWithStanding(sessionId, hashToken(refreshToken));
  if (!found || found.standing === "unknown") throw new AuthError("session.invalid");
  await sessions.end(sessionId, "logout", now());
  await atKeycloak(refreshToken);
}
