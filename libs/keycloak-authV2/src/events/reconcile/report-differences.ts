import type { FeedRepository, NoticeKind, ReconcileRepository, RegistrationRepository } from "@libs/database";
import { type OwnRegistrationDeps, unfinishedRegistrationOf } from "../../services/reconcile/own-registration.ts";
import type { SyncDeps } from "../../services/shared/sync-deps.ts";

/** For {@link reportSessions}. */
export type ReportSessionsDeps = Pick<SyncDeps, "now" | "wake"> & {
  feed: Pick<FeedRepository, "addNotices">;
  reconcile: Pick<ReconcileRepository, "findDeadLetters">;
};

type UnfinishedDeps = {
  registrations: Pick<RegistrationRepository, "backlog" | "findUnfinished">;
} & OwnRegistrationDeps;

/** For {@link reportUsers}. */
export type ReportUsersDeps = ReportSessionsDeps & UnfinishedDeps;

/** A user who differs. `username`: of one who is missing here, and may be a registration's; null otherwise. */
export interface Suspect {
  id: string;
  missing: string | null;
}

/**
 * Hands users who differ to the change feed, which reads them again and has the local rows agree. Left out: whose own
 * registration is not finished, since that finishes or undoes it, and who is a dead letter already.
 * @returns how many were handed on
 */
export async function reportUsers(deps: ReportUsersDeps, suspects: readonly Suspect[]): Promise<number> {
  if (suspects.length === 0) return 0;
  const left = await unfinished(deps, suspects);
  return await report(
    deps,
    "user",
    suspects.map(({ id }) => id).filter((id) => !left.has(id)),
  );
}

/** Hands users over some of whose sessions Keycloak did not list: it is asked again before any of them ends. */
export function reportSessions(deps: ReportSessionsDeps, userIds: readonly string[]): Promise<number> {
  return report(deps, "sessions", userIds);
}

async function report(deps: ReportSessionsDeps, kind: NoticeKind, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const { feed, reconcile, now, wake } = deps;
  const dead = new Set(await reconcile.findDeadLetters(kind, ids));
  const subjects = [...new Set(ids)].filter((id) => !dead.has(id));
  if (subjects.length === 0) return 0;
  await feed.addNotices(
    subjects.map((subject) => ({ kind, subject, source: "reconcile", changedAt: null })),
    now(),
  );
  wake("notices");
  return subjects.length;
}

async function unfinished(deps: UnfinishedDeps, suspects: readonly Suspect[]): Promise<Set<string>> {
  const left = new Set<string>();
  const missing = suspects.filter((suspect): suspect is { id: string; missing: string } => suspect.missing !== null);
  if (missing.length === 0) return left;
  const { pending, undoing, parked } = await deps.registrations.backlog();
  if (pending + undoing + parked === 0) return left;
  for (const { id, missing: username } of missing) {
    if (!(await deps.registrations.findUnfinished(username, null))) continue;
    if (await unfinishedRegistrationOf(deps, id)) left.add(id);
  }
  return left;
}
