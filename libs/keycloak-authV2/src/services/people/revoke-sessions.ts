import type {
  ListedSession,
  PersonRepository,
  SessionFilter,
  SessionMark,
  SessionPage,
  SessionRepository,
} from "@libs/database";
import pLimit from "p-limit";
import { BatchSize } from "../shared/batch-size.ts";
import { type FollowDeps, followAtKeycloak, planLogout, planQueuedLogout } from "../shared/end-at-keycloak.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

/** For {@link listSessions}. */
export interface ListSessionsDeps {
  people: Pick<PersonRepository, "listSessions">;
}

type RevokeDeps = Pick<SyncDeps, "now"> & {
  sessions: Pick<SessionRepository, "endLive">;
} & FollowDeps;

/** For {@link revokeSessions}. */
export type RevokeSessionsDeps = ListSessionsDeps & RevokeDeps;

/**
 * A session that has ended here; Keycloak's has too, or follows.
 * @see {@link PersonService}
 */
export type RevokedSession = Pick<ListedSession, "sessionId" | "userId" | "username" | "keycloakSessionId">;

/** Where a listing goes on, and how far it is. */
export interface ListProgress {
  /** Newest first: the listing goes on after this session. */
  after?: SessionMark | undefined;
  /** Called after each page, also one in which no session matches. @param reached when the last one began */
  onPage?: ((reached: Date) => void) | undefined;
  /** Stops before the next session. */
  signal?: AbortSignal | undefined;
}

const PAGE_ROWS = 1_000;
const CALLS_AT_ONCE = 4;
/**
 * How many sessions {@link PersonService.revokeSessions} ends in Keycloak by itself, a number. The others are ended there
 * by the gateway, at a bounded pace: nobody waits for that many calls.
 * @see {@link PersonService}
 */
export const CALLED_AT_MOST = 200;

/** Sessions page by page, newest first. */
export async function* listSessions(
  { people }: ListSessionsDeps,
  filter: SessionFilter,
  { after, onPage, signal }: ListProgress = {},
): AsyncGenerator<ListedSession> {
  for await (const { sessions, next } of sessionPages(people, filter, after)) {
    for (const session of sessions) {
      if (signal?.aborted) return;
      yield session;
    }
    if (signal?.aborted) return;
    if (next) onPage?.(next.startedAt);
  }
}

async function* sessionPages(
  people: ListSessionsDeps["people"],
  filter: SessionFilter,
  after?: SessionMark,
): AsyncGenerator<SessionPage> {
  const size = new BatchSize(PAGE_ROWS);
  let mark: SessionMark | null = after ?? null;
  do {
    const from: SessionMark | null = mark;
    const page: SessionPage = await size.runSmaller((limit) => people.listSessions(filter, from, limit));
    yield page;
    mark = page.next;
  } while (mark);
}

/**
 * Ends live sessions on both sides. Here each page ends at once, together with the rows by which Keycloak's end; a few are
 * ended there before this goes on, many by the gateway's background work, as when Keycloak can't be reached.
 * @param signal stops before the next page
 * @throws what the repositories throw: repeat the call, it goes on with the rest
 */
export async function* revokeSessions(
  deps: RevokeSessionsDeps,
  filter: Omit<SessionFilter, "ended">,
  signal?: AbortSignal,
  onPage?: ListProgress["onPage"],
): AsyncGenerator<RevokedSession> {
  const ended = new BatchSize(PAGE_ROWS);
  let total = 0;
  // Newest first: sessions that begin meanwhile are not meant, and must not keep this going.
  for await (const { sessions, next } of sessionPages(deps.people, filter)) {
    if (signal?.aborted) return;
    total += sessions.length;
    const areFew = total <= CALLED_AT_MOST;
    for (let done = 0; done < sessions.length; ) {
      const part = await ended.runSmaller((limit) => endHere(deps, sessions.slice(done, done + limit), areFew));
      if (areFew) await followAll(deps, part.revoked);
      else deps.wake("logouts");
      yield* part.revoked;
      done += part.tried;
    }
    if (next) onPage?.(next.startedAt);
  }
}

async function endHere(
  deps: RevokeDeps,
  sessions: readonly ListedSession[],
  areCalled: boolean,
): Promise<{ tried: number; revoked: RevokedSession[] }> {
  const now = deps.now();
  const keycloakSessionIds = sessions.map(({ keycloakSessionId }) => keycloakSessionId);
  const logout = areCalled ? planLogout(now) : planQueuedLogout(now);
  const ended = await deps.sessions.endLive({ keycloakSessionIds }, "admin", now, logout);
  const usernames = new Map(sessions.map(({ sessionId, username }) => [sessionId, username]));
  const revoked = ended.map(({ sessionId, userId, keycloakSessionId }) => {
    return { sessionId, userId, username: usernames.get(sessionId) ?? "", keycloakSessionId };
  });
  return { tried: sessions.length, revoked };
}

async function followAll(deps: FollowDeps, revoked: readonly RevokedSession[]): Promise<void> {
  const limit = pLimit(CALLS_AT_ONCE);
  await Promise.all(revoked.map(({ keycloakSessionId }) => limit(() => followAtKeycloak(deps, keycloakSessionId))));
}
