import { endKeycloakSession, followAtKeycloak, planLogout } from "./end-at-keycloak.ts";
import type { SyncDeps } from "./sync-deps.ts";

export interface LogoutEverywhereResult {
  /** Live sessions that ended here. */
  ended: number;
}

/**
 * Logs a user out of everything: every live session here, in one statement, each with Keycloak's logout queued; then
 * what Keycloak has beside those, offline sessions included.
 * @param userId Keycloak user id
 * @throws AuthError `keycloak.*` when Keycloak's own list could not be had: the sessions known here are over and queued,
 *   repeat the call for those that are not
 */
export async function logoutEverywhere(deps: SyncDeps, userId: string): Promise<LogoutEverywhereResult> {
  const { sessions, keycloak, now } = deps;
  const ended = await sessions.endAll(userId, "logout_everywhere", now(), planLogout(now()));
  const lists = await Promise.all([keycloak.listSessions(userId), keycloak.listOfflineSessions(userId)]);
  const known = new Set(ended);
  const elsewhere = new Set(lists.flat().flatMap(({ id }) => (known.has(id) ? [] : [id])));
  for (const id of known) await followAtKeycloak(deps, id);
  for (const id of elsewhere) await endKeycloakSession(keycloak, id);
  return { ended: ended.length };
}
