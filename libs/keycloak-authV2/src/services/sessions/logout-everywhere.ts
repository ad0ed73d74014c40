import type { SessionRepository } from "@libs/database";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import { endKeycloakSession, type FollowDeps, followAtKeycloak, planLogout } from "../shared/end-at-keycloak.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

type EndKnownDeps = Pick<SyncDeps, "now"> & { sessions: Pick<SessionRepository, "endAll"> };

interface ListElsewhereDeps {
  keycloak: Pick<KeycloakUserRepository, "listSessions" | "listOfflineSessions">;
}

/** For {@link logoutEverywhere}. */
export type LogoutEverywhereDeps = EndKnownDeps & ListElsewhereDeps & FollowDeps;

/** For {@link logoutPerson}, which goes on in the background. */
export type LogoutPersonDeps = Pick<SyncDeps, "logger" | "background"> & LogoutEverywhereDeps;

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
export async function logoutEverywhere(deps: LogoutEverywhereDeps, userId: string): Promise<LogoutEverywhereResult> {
  const known = await endKnown(deps, userId);
  const elsewhere = await listElsewhere(deps, userId, known);
  for (const id of known) await followAtKeycloak(deps, id);
  for (const id of elsewhere) await endKeycloakSession(deps.keycloak, id);
  return { ended: known.length };
}

/**
 * The same for a person who asks for it and is signed out by it, so that nothing can be repeated: the sessions known here
 * end at once, and Keycloak's are ended in the background.
 * @returns `complete`: false when Keycloak could not be asked for sessions that only it knows
 */
export async function logoutPerson(
  deps: LogoutPersonDeps,
  userId: string,
): Promise<LogoutEverywhereResult & { complete: boolean }> {
  const known = await endKnown(deps, userId);
  const elsewhere = await listElsewhere(deps, userId, known).catch((error: unknown) => {
    deps.logger.warn({ err: error }, "logout everywhere: Keycloak could not be asked for sessions that only it knows");
    return null;
  });
  deps.background.run("log out everywhere", async () => {
    for (const id of known) await followAtKeycloak(deps, id);
    for (const id of elsewhere ?? []) await endKeycloakSession(deps.keycloak, id);
  });
  return { ended: known.length, complete: elsewhere !== null };
}

function endKnown({ sessions, now }: EndKnownDeps, userId: string): Promise<string[]> {
  return sessions.endAll(userId, "logout_everywhere", now(), planLogout(now()));
}

async function listElsewhere(
  { keycloak }: ListElsewhereDeps,
  userId: string,
  known: readonly string[],
): Promise<string[]> {
  const lists = await Promise.all([keycloak.listSessions(userId), keycloak.listOfflineSessions(userId)]);
  return [...new Set(lists.flat().map(({ id }) => id))].filter((id) => !known.includes(id));
}
