import type { Hint, SessionRepository } from "@libs/database";
import type { KeycloakEventSource, KeycloakUserRepository } from "../ports/ports.ts";
import { failureOf, type LookFailure, mayBeOneUsers } from "../services/reconcile/look-outcome.ts";
import { type FindEndedSessionsDeps, findEndedSessions, findGone } from "../services/sessions/ended-sessions.ts";
import { chunk } from "../services/shared/chunk.ts";
import { planLogout } from "../services/shared/end-at-keycloak.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import { type HintHandler, onceMore, type Verdict } from "./verdict.ts";

/** For {@link failureAt}. */
export interface FailureAtDeps {
  eventSource: Pick<KeycloakEventSource, "serviceAccountId">;
  keycloak: Pick<KeycloakUserRepository, "getUsers">;
}

/** For {@link handleSessionHints}. */
export type SessionHintDeps = Pick<SyncDeps, "now" | "logger" | "wake"> & {
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
export const handleSessionHints: HintHandler<SessionHintDeps> = async (deps, hints) => {
  const users = await usersOf(deps, hints);
  /** Of whom more than one session is in question, and since when. */
  const all = new Map(hints.filter(({ kind }) => kind === "sessions").map((hint) => [hint.subject, hint.changedAt]));
  const results = new Map<string, Verdict>();
  for (const batch of chunk([...new Set(users.values())], AT_ONCE)) {
    const failed = [...results.values()].find((result) => typeof result !== "string" && !result.own);
    if (failed) for (const id of batch) results.set(id, failed);
    else await Promise.all(batch.map(async (id) => results.set(id, await lookAtSessions(deps, id, all.get(id)))));
  }
  return new Map(
    hints.map((hint) => {
      const result = results.get(users.get(hint) ?? "") ?? "done";
      return [hint, result === "done" ? onceMore(hint) : result];
    }),
  );
};

/** The users to look at; none for a `sid` that no live row has. */
async function usersOf(
  { sessions }: Pick<SessionHintDeps, "sessions">,
  hints: readonly Hint[],
): Promise<Map<Hint, string>> {
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

/** @param changedAt of a notice of all sessions; null: not known; undefined: there is none */
async function lookAtSessions(
  deps: SessionHintDeps,
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
      const logout = reason === "password_changed" ? { ...planLogout(now()), nextAttemptAt: now() } : undefined;
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
export async function failureAt({ eventSource, keycloak }: FailureAtDeps, error: unknown): Promise<LookFailure> {
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
