import type { Hint, LiveSession } from "@libs/database";
import { chunk } from "../services/sync/chunk.ts";
import { failureOf, type LookFailure, mayBeOneUsers } from "../services/sync/look-outcome.ts";
import type { FeedDeps } from "./feed-deps.ts";
import { type HintHandler, onceMore, type Verdict } from "./verdict.ts";

/** Users whose sessions are asked for side by side. */
const AT_ONCE = 4;

/**
 * `session`, `sessions`: ends what no longer lives in Keycloak. The rows are read before Keycloak's list, so that a
 * session that begins meanwhile is not taken for one that has ended. No call for who has no live session here.
 */
export const handleSessionHints: HintHandler = async (deps, hints) => {
  const users = await usersOf(deps, hints);
  const results = new Map<string, Verdict>();
  for (const batch of chunk([...new Set(users.values())], AT_ONCE)) {
    const failed = [...results.values()].find((result) => typeof result !== "string" && !result.own);
    if (failed) for (const id of batch) results.set(id, failed);
    else await Promise.all(batch.map(async (id) => results.set(id, await lookAtSessions(deps, id))));
  }
  return new Map(
    hints.map((hint) => {
      const result = results.get(users.get(hint) ?? "") ?? "done";
      return [hint, result === "done" ? onceMore(hint) : result];
    }),
  );
};

/** The users to look at; none for a `sid` that no live row has. */
async function usersOf({ sessions }: FeedDeps, hints: readonly Hint[]): Promise<Map<Hint, string>> {
  const sids = hints.filter(({ kind }) => kind === "session").map(({ subject }) => subject);
  const live = sids.length === 0 ? [] : await sessions.findLive({ keycloakSessionIds: sids });
  const bySid = new Map(live.map(({ keycloakSessionId, userId }) => [keycloakSessionId, userId]));
  return new Map(
    hints.flatMap((hint) => {
      const userId = hint.kind === "session" ? bySid.get(hint.subject) : hint.subject;
      return userId === undefined ? [] : [[hint, userId] as const];
    }),
  );
}

async function lookAtSessions(deps: FeedDeps, userId: string): Promise<Verdict> {
  const { sessions, now, logger } = deps;
  const local = await sessions.findLive({ userId });
  if (local.length === 0) return "done";
  let alive: Set<string>;
  try {
    alive = await aliveInKeycloak(deps, userId, local);
  } catch (error) {
    return await failureAt(deps, error);
  }
  const ended = local.map((session) => session.keycloakSessionId).filter((sid) => !alive.has(sid));
  if (ended.length === 0) return "done";
  await sessions.endLive({ keycloakSessionIds: ended }, "ended_in_keycloak", now());
  logger.info({ userId, sessions: ended.length }, "sessions ended in Keycloak: ended here");
  return "done";
}

async function aliveInKeycloak({ keycloak }: FeedDeps, userId: string, local: LiveSession[]): Promise<Set<string>> {
  const online = await keycloak.listSessions(userId);
  const alive = new Set(online.map(({ id }) => id));
  const isOffline = ({ refreshExpiresAt, keycloakSessionId }: LiveSession) =>
    refreshExpiresAt === null && !alive.has(keycloakSessionId);
  if (local.some(isOffline)) {
    const offline = new Set((await keycloak.listOfflineSessions(userId)).map(({ id }) => id));
    for (const session of local.filter(isOffline))
      if (offline.has(session.keycloakSessionId)) alive.add(session.keycloakSessionId);
  }
  return alive;
}

/** Where Keycloak answers for us, but not of this user, it is the user's own failure. */
async function failureAt({ eventSource, keycloak }: FeedDeps, error: unknown): Promise<LookFailure> {
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
