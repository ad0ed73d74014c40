import type { ChangeNotice, SessionRepository } from "@libs/database";
import type { KeycloakEventSource, KeycloakUserRepository } from "../ports/ports.ts";
import { failureOf, mayBeOneUsers, type ReconcileFailure } from "../services/reconcile/reconcile-outcome.ts";
import { type FindEndedSessionsDeps, findEndedSessions, findGone } from "../services/sessions/ended-sessions.ts";
import { chunk } from "../services/shared/chunk.ts";
import { planQueuedLogout } from "../services/shared/end-at-keycloak.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import { type NoticeHandler, onceMore, type Verdict } from "./verdict.ts";

/** For {@link failureAt}. */
export interface FailureAtDeps {
  eventSource: Pick<KeycloakEventSource, "serviceAccountId">;
  keycloak: Pick<KeycloakUserRepository, "getUsers">;
}

/** For {@link handleSessionNotices}. */
export type SessionNoticeDeps = Pick<SyncDeps, "now" | "logger" | "wake"> & {
  sessions: Pick<SessionRepository, "findLive" | "endLive">;
} & FindEndedSessionsDeps &
  FailureAtDeps;

/** Users whose sessions are asked for side by side. */
const AT_ONCE = 4;

/**
 * `session`, `sessions`: ends what no longer lives in Keycloak; with `sessions` also what began before the password was
 * set. The rows are read before Keycloak's list, so that a session that begins meanwhile is not taken for one that has
 * ended. No call for who has no live session here.
 */
export const handleSessionNotices: NoticeHandler<SessionNoticeDeps> = async (deps, notices) => {
  const users = await usersOf(deps, notices);
  /** Of whom more than one session is in question, and since when. */
  const all = new Map(
    notices.filter(({ kind }) => kind === "sessions").map((notice) => [notice.subject, notice.changedAt]),
  );
  const results = new Map<string, Verdict>();
  for (const batch of chunk([...new Set(users.values())], AT_ONCE)) {
    const failed = [...results.values()].find((result) => typeof result !== "string" && !result.own);
    if (failed) for (const id of batch) results.set(id, failed);
    else await Promise.all(batch.map(async (id) => results.set(id, await checkSessions(deps, id, all.get(id)))));
  }
  return new Map(
    notices.map((notice) => {
      const result = results.get(users.get(notice) ?? "") ?? "done";
      return [notice, result === "done" ? onceMore(notice) : result];
    }),
  );
};

/** The users to check; none for a `sid` that no live row has. */
async function usersOf(
  { sessions }: Pick<SessionNoticeDeps, "sessions">,
  notices: readonly ChangeNotice[],
): Promise<Map<ChangeNotice, string>> {
  const sids = notices.filter(({ kind }) => kind === "session").map(({ subject }) => subject);
  const live = sids.length === 0 ? [] : await sessions.findLive({ keycloakSessionIds: sids });
  const bySid = new Map(live.map(({ keycloakSessionId, userId }) => [keycloakSessionId, userId]));
  return new Map(
    notices.flatMap((notice) => {
      const userId = notice.kind === "session" ? bySid.get(notice.subject) : notice.subject;
      return userId === undefined ? [] : [[notice, userId] as const];
    }),
  );
}

/** @param changedAt of a notice of all sessions; null: not known; undefined: there is none */
async function checkSessions(
  deps: SessionNoticeDeps,
  userId: string,
  changedAt: Date | null | undefined,
): Promise<Verdict> {
  const { sessions, now, logger, wake } = deps;
  const local = await sessions.findLive({ userId });
  if (local.length === 0) return "done";
  try {
    const found =
      changedAt === undefined ? findGone(deps, userId, local) : findEndedSessions(deps, userId, local, changedAt);
    for (const [reason, ended] of Map.groupBy(await found, ([, by]) => by)) {
      const keycloakSessionIds = ended.map(([sid]) => sid);
      // Keycloak leaves those alive that only the password ended.
      const logout = reason === "password_changed" ? planQueuedLogout(now()) : undefined;
      await sessions.endLive({ keycloakSessionIds }, reason, now(), logout);
      logger.info(
        { userId, reason, sessions: ended.length },
        "sessions that ended in Keycloak, or must end, were ended here",
      );
      if (logout) wake("logouts");
    }
  } catch (error) {
    return await failureAt(deps, error);
  }
  return "done";
}

/** Where Keycloak answers for us, but not of this user, it is the user's own failure. */
export async function failureAt({ eventSource, keycloak }: FailureAtDeps, error: unknown): Promise<ReconcileFailure> {
  const failure = failureOf(error);
  if (failure.own || !mayBeOneUsers(error)) return failure;
  const answers = await eventSource
    .serviceAccountId()
    .then((id) => keycloak.getUsers([id]))
    .then(
      () => true,
      () => false,
    );
  return { ...failure, own: answers };
}
