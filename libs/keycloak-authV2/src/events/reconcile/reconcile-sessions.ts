import type { IdleSession, ReconcileRepository } from "@libs/database";
import { z } from "zod";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import { type FindEndedSessionsDeps, findEndedSessions } from "../../services/sessions/ended-sessions.ts";
import { type AskAboutDeps, askAbout } from "./ask-about.ts";
import type { ReconcileRun } from "./reconcile-run.ts";
import { type ReportSessionsDeps, type ReportUsersDeps, reportSessions, reportUsers } from "./report-differences.ts";
import type { Round } from "./round.ts";

type SomeMustEndDeps = {
  keycloak: Pick<KeycloakUserRepository, "listSessions">;
} & AskAboutDeps &
  FindEndedSessionsDeps;

type SomeAreGoneDeps = {
  keycloak: Pick<KeycloakUserRepository, "listSessions" | "listOfflineSessions">;
} & AskAboutDeps;

/** For {@link reconcileSessions}. */
export type ReconcileSessionsDeps = {
  reconcile: Pick<ReconcileRepository, "listIdleSessions">;
} & SomeMustEndDeps &
  SomeAreGoneDeps &
  ReportUsersDeps &
  ReportSessionsDeps;

const positionSchema = z.object({
  /** The live sessions of users up to this id are compared. */
  after: z.string().default(""),
});

const USERS_AT_ONCE = 50;
/** Later than any session was begun or refreshed. */
const NEVER_PROVEN = new Date("9999-01-01T00:00:00Z");
/** Calls to Keycloak a step. */
const CALLS_A_STEP = 5;

/** Where a round is: for the ages of what it has compared. */
export function sessionKey(position: unknown): string {
  return positionSchema.safeParse(position).data?.after ?? "";
}

/**
 * Compares all live sessions once. One that was begun or refreshed since the round began has just been seen by Keycloak;
 * of the others' users Keycloak lists the sessions, one call a user. Whoever lacks one there, and among the offline ones, is
 * handed to the change feed, which asks again before it ends any. Users about whom Keycloak fails to answer are passed over.
 * Where no event reports that a password was set, everybody with a live session is asked about, and the password's date too.
 * @returns a generator of steps, each of which leaves `round` at a place to go on from
 */
export async function* reconcileSessions(run: ReconcileRun<ReconcileSessionsDeps>, round: Round): AsyncGenerator<void> {
  const { deps } = run;
  const position = positionSchema.parse(round.position ?? {});
  const comparesPasswords = await run.comparesPasswords();
  // A session that was just refreshed may be older than the password: Keycloak goes on refreshing it.
  const provenSince = comparesPasswords ? NEVER_PROVEN : new Date(round.startedAt);
  const isWrong = comparesPasswords ? someMustEnd : someAreGone;
  for (;;) {
    const { sessions, last } = await deps.reconcile.listIdleSessions(position.after, provenSince, USERS_AT_ONCE);
    if (last === null) return;
    const byUser = Map.groupBy(sessions, ({ userId }) => userId);
    let calls = 0;
    for (const [userId, own] of byUser) {
      if (own.some(({ userMayLogIn }) => !userMayLogIn)) {
        round.found += await reportUsers(deps, [{ id: userId, missing: null }]);
        continue;
      }
      if (await isWrong(run, userId, own)) round.found += await reportSessions(deps, [userId]);
      calls += 1;
      if (calls % CALLS_A_STEP === 0) yield;
    }
    // Users are passed over that have live sessions, and none to be asked about.
    round.done += byUser.size;
    position.after = last;
    round.position = { ...position };
    yield;
  }
}

async function someMustEnd(
  run: ReconcileRun<SomeMustEndDeps>,
  userId: string,
  sessions: readonly IdleSession[],
): Promise<boolean> {
  const { keycloak } = run.deps;
  run.called(3);
  const others = () => keycloak.listSessions(run.witnessId);
  const ended = await askAbout(run, userId, () => findEndedSessions(run.deps, userId, sessions), others);
  return ended !== null && ended.size > 0;
}

async function someAreGone(
  run: ReconcileRun<SomeAreGoneDeps>,
  userId: string,
  sessions: readonly IdleSession[],
): Promise<boolean> {
  const { keycloak } = run.deps;
  // Sessions come from Keycloak's database, as this does: a user might be answered from its cache while that is away.
  const others = () => keycloak.listSessions(run.witnessId);
  run.called();
  const listed = await askAbout(run, userId, () => keycloak.listSessions(userId), others);
  if (!listed) return false;
  const online = new Set(listed.filter(({ ours }) => ours).map(({ id }) => id));
  const rest = sessions.filter(({ keycloakSessionId }) => !online.has(keycloakSessionId));
  if (rest.length === 0) return false;
  // Whether a session is offline can't be seen from its end: the realm may limit their life.
  run.called(2);
  const listedOffline = await askAbout(run, userId, () => keycloak.listOfflineSessions(userId), others);
  if (!listedOffline) return false;
  const offline = new Set(listedOffline.map(({ id }) => id));
  return rest.some(({ keycloakSessionId }) => !offline.has(keycloakSessionId));
}
