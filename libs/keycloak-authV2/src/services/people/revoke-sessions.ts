import type { ListedSession, PersonRepository, SessionFilter, SessionRepository } from "@libs/database";
import pLimit from "p-limit";
import { type FollowDeps, followAtKeycloak, planLogout } from "../shared/end-at-keycloak.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

/** For {@link listSessions}. */
export interface ListSessionsDeps {
  people: Pick<PersonRepository, "listSessions">;
}

type RevokeDeps = Pick<SyncDeps, "now"> & {
  sessions: Pick<SessionRepository, "end">;
} & FollowDeps;

/** For {@link revokeSessions}. */
export type RevokeSessionsDeps = ListSessionsDeps & RevokeDeps;

/**
 * A session that has ended here; Keycloak's has too, or follows.
 * @see {@link PersonService}
 */
export type RevokedSession = Pick<ListedSession, "sessionId" | "userId" | "username" | "keycloakSessionId">;

const PAGE = 200;
const CALLS_AT_ONCE = 4;

/** Sessions page by page, newest first. */
export async function* listSessions(
  { people }: ListSessionsDeps,
  filter: SessionFilter,
): AsyncGenerator<ListedSession> {
  let page: ListedSession[] = [];
  do {
    page = await people.listSessions(filter, page.at(-1) ?? null, PAGE);
    yield* page;
  } while (page.length === PAGE);
}

/**
 * Ends live sessions on both sides. Here each ends at once, together with the note that Keycloak's must end; when Keycloak
 * can't be reached, the gateway's background work ends it there.
 * @param signal stops before the next page
 * @throws what the repositories throw: repeat the call
 */
export async function* revokeSessions(
  deps: RevokeSessionsDeps,
  filter: Omit<SessionFilter, "ended">,
  signal?: AbortSignal,
): AsyncGenerator<RevokedSession> {
  const limit = pLimit(CALLS_AT_ONCE);
  // Sessions that begin meanwhile are not meant, and must not keep this going.
  let after: ListedSession | null = null;
  let page: ListedSession[];
  do {
    if (signal?.aborted) return;
    page = await deps.people.listSessions(filter, after, PAGE);
    after = page.at(-1) ?? null;
    const revoked = await Promise.all(page.map((session) => limit(() => revoke(deps, session))));
    yield* revoked.filter((session) => session !== null);
  } while (page.length === PAGE);
}

async function revoke(deps: RevokeDeps, session: ListedSession): Promise<RevokedSession | null> {
  const { sessionId, userId, username, keycloakSessionId } = session;
  const now = deps.now();
  const ended = await deps.sessions.end(sessionId, "admin", now, { logout: planLogout(now) });
  if (!ended) return null;
  await followAtKeycloak(deps, keycloakSessionId);
  return { sessionId, userId, username, keycloakSessionId };
}
