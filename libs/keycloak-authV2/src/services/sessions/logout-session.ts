import type { SessionRepository } from "@libs/database";
import { AuthError } from "@libs/problems";
import { hashToken } from "../../crypto/index.ts";
import type { KeycloakAuthentication } from "../../ports/ports.ts";
import {
  type FollowDeps,
  followAtKeycloak,
  planLogout,
  type QueueLogoutDeps,
  queueLogout,
} from "../shared/end-at-keycloak.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import { type EndByLostTokenDeps, endByLostToken } from "./end-by-lost-token.ts";

export interface LogoutInput {
  sessionId: string;
  refreshToken: string;
}

/** For {@link logoutSession}. */
export type LogoutSessionDeps = Pick<SyncDeps, "now" | "background"> & {
  sessions: Pick<SessionRepository, "findWithStanding" | "end">;
  authentication: Pick<KeycloakAuthentication, "logout">;
} & EndByLostTokenDeps &
  QueueLogoutDeps &
  FollowDeps;

/**
 * Ends a session on both sides. The local end and Keycloak's logout are written down together; then Keycloak is called,
 * with nothing held meanwhile: it calls its clients' back-channel receivers before it answers. If it can't be reached,
 * the logout waits until it can. A token that the database has lost is one that Keycloak takes. Idempotent.
 * @throws AuthError `session.invalid` (unknown session, or a token that was never this session's: nothing is changed)
 */
export async function logoutSession(deps: LogoutSessionDeps, { sessionId, refreshToken }: LogoutInput): Promise<void> {
  const { sessions, now, authentication } = deps;
  const refreshTokenHash = hashToken(refreshToken);
  const found = await sessions.findWithStanding(sessionId, refreshTokenHash);
  if (!found) throw new AuthError("session.invalid");
  if (found.standing === "unknown") await endByLostToken(deps, found.session, { refreshToken, refreshTokenHash });
  const { keycloakSessionId, endReason } = found.session;
  const ended = await sessions.end(sessionId, "logout", now(), { logout: planLogout(now()) });
  // A repeated call finds its logout queued, or done. Rows that ended otherwise may know nothing of Keycloak's side.
  if (!ended && endReason !== "logout") await queueLogout(deps, found.session, "logout");
  // Keycloak takes a token that has expired for a session that is over; of a spent one that proves nothing.
  if (found.standing === "current")
    await followAtKeycloak(deps, keycloakSessionId, () => authentication.logout(refreshToken));
  else deps.background.run("end session at Keycloak", () => followAtKeycloak(deps, keycloakSessionId));
}
