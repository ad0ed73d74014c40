import type { ScanRepository, SessionOfUser, SessionRepository } from "@libs/database";
import pLimit from "p-limit";
import type { KeycloakUser, KeycloakUserRepository } from "../../ports/ports.ts";
import { type EndedBy, type FindEndedSessionsDeps, findEndedSessions } from "../sessions/ended-sessions.ts";
import { type BulkRun, UNREADABLE } from "./bulk-run.ts";
import type { DeadSession } from "./difference.ts";
import { UnreadableError } from "./outage-retry.ts";
import { type ReadByIdDeps, readById } from "./read-by-id.ts";

type FindEndedDeps = {
  keycloak: Pick<KeycloakUserRepository, "listSessions">;
} & FindEndedSessionsDeps;

type FindDeadDeps = ReadByIdDeps & FindEndedDeps;

type RecheckDeps = { sessions: Pick<SessionRepository, "findLive"> } & FindDeadDeps;

/** For {@link compareSessions}. */
export type CompareSessionsDeps = {
  scans: Pick<ScanRepository, "countSignedIn" | "listLiveSessions">;
} & FindDeadDeps &
  RecheckDeps;

const USERS_AT_ONCE = 245;

/**
 * Live sessions of users that are gone or disabled, those that Keycloak has no more, and those that began before the
 * password was set. The local rows are read before
 * Keycloak's, so that a login in flight is never taken for a dead session. Each is checked twice.
 * @returns false when it was interrupted
 */
export async function compareSessions(
  run: BulkRun<CompareSessionsDeps>,
  report: (dead: DeadSession[]) => Promise<void>,
): Promise<boolean> {
  const { scans } = run.deps;
  run.progress.enter("checking_sessions", await run.retry.run(() => scans.countSignedIn()));
  for (let after = ""; ; ) {
    if (run.interrupted()) return false;
    const position = after;
    const sessions = await run.retry.run(() => scans.listLiveSessions(position, USERS_AT_ONCE));
    const last = sessions.at(-1);
    if (!last) return true;
    const dead = await findDead(run, sessions);
    if (dead.length > 0) await recheck(run, dead, report);
    run.progress.advance(new Set(sessions.map(({ userId }) => userId)).size);
    after = last.userId;
  }
}

async function recheck(run: BulkRun<RecheckDeps>, dead: DeadSession[], report: (dead: DeadSession[]) => Promise<void>) {
  const keycloakSessionIds = dead.map(({ keycloakSessionId }) => keycloakSessionId);
  const live = await run.retry.run(() => run.deps.sessions.findLive({ keycloakSessionIds }));
  const names = new Map(dead.map(({ userId, username }) => [userId, username]));
  const still = await findDead(
    run,
    live.map((session) => ({ ...session, username: names.get(session.userId) ?? "" })),
  );
  const before = new Set(keycloakSessionIds);
  const twice = still.filter(({ keycloakSessionId }) => before.has(keycloakSessionId));
  if (twice.length > 0) await report(twice);
}

async function findDead(run: BulkRun<FindDeadDeps>, sessions: readonly SessionOfUser[]): Promise<DeadSession[]> {
  const byUser = [...Map.groupBy(sessions, ({ userId }) => userId)];
  const { found: users, unreadable } = await readById(
    run,
    byUser.map(([userId]) => userId),
  );
  const limit = pLimit(Math.max(1, Math.floor(run.pace.concurrency)));
  const known = byUser.filter(([userId]) => !unreadable.has(userId));
  const found = known.map(([userId, own]) => limit(() => deadOf(run, users.get(userId), own)));
  return (await Promise.all(found)).flat();
}

async function deadOf(
  run: BulkRun<FindEndedDeps>,
  user: KeycloakUser | undefined,
  sessions: SessionOfUser[],
): Promise<DeadSession[]> {
  if (!user) return sessions.map((session) => deadSession(session, "user_deleted"));
  if (!user.enabled) return sessions.map((session) => deadSession(session, "user_disabled"));
  const ended = await findEnded(run, user, sessions);
  return sessions.flatMap((session) => {
    const reason = ended.get(session.keycloakSessionId);
    return reason ? [deadSession(session, reason)] : [];
  });
}

/** None where Keycloak fails to answer about this user, and answers about others: reported, and nothing is known. */
async function findEnded(run: BulkRun<FindEndedDeps>, { id, username }: KeycloakUser, sessions: SessionOfUser[]) {
  const { keycloak } = run.deps;
  const others = () => keycloak.listSessions(run.witnessId);
  try {
    return await run.retry.run(() => findEndedSessions(run.deps, id, sessions), others);
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    run.notice("failed", { userId: id, username, error: UNREADABLE });
    return new Map<string, EndedBy>();
  }
}

function deadSession(session: SessionOfUser, reason: DeadSession["reason"]): DeadSession {
  const { sessionId, userId, username, keycloakSessionId } = session;
  return { kind: "session", userId, username, sessionId, keycloakSessionId, reason };
}
