import type { ChangeNotice, RegistrationRepository, SessionRepository, UserRepository } from "@libs/database";
import type { KeycloakEventSource } from "../ports/ports.ts";
import { type OwnRegistrationDeps, unfinishedRegistrationOf } from "../services/reconcile/own-registration.ts";
import {
  failureOf,
  isFailure,
  RECOVERING,
  type ReconcileFailure,
  type ReconcileOutcome,
} from "../services/reconcile/reconcile-outcome.ts";
import { type ReconcileUsersDeps, reconcileUsers } from "../services/reconcile/reconcile-users.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { DeletionGuard } from "./deletion-guard.ts";
import type { FeedDeps } from "./feed/feed-deps.ts";
import { type NoticeHandler, onceMore, type Verdict } from "./verdict.ts";

type ReconcileDueDeps = Pick<FeedDeps, "maxDeletionsPerMinute"> & {
  eventSource: Pick<KeycloakEventSource, "serviceAccountId">;
} & ReconcileUsersDeps;

interface IsSettledDeps {
  users: Pick<UserRepository, "findById">;
  sessions: Pick<SessionRepository, "findLive">;
}

interface OwnCreatesDeps {
  registrations: Pick<RegistrationRepository, "findByUserIds">;
}

type UnfinishedCreatesDeps = Pick<SyncDeps, "wake"> & OwnRegistrationDeps;

/** For {@link createUserNoticeHandler}: all of it is what its steps use. */
export type UserNoticeDeps = ReconcileDueDeps & IsSettledDeps & OwnCreatesDeps & UnfinishedCreatesDeps;

/** `user`: fields, enabled, existence, read in batches. */
export function createUserNoticeHandler(guard: Pick<DeletionGuard, "report">): NoticeHandler<UserNoticeDeps> {
  return async (deps, notices) => {
    const verdicts = new Map<ChangeNotice, Verdict>();
    for (const notice of await ownCreates(deps, notices)) verdicts.set(notice, "done");
    for (const [notice, failure] of await unfinishedCreates(
      deps,
      notices.filter((one) => !verdicts.has(one)),
    ))
      verdicts.set(notice, failure);
    for (const notice of notices)
      if (notice.passes > 0 && (await isSettled(deps, notice.subject))) verdicts.set(notice, "done");
    const open = notices.filter((notice) => !verdicts.has(notice));
    const outcomes = await reconcileDue(deps, open);
    guard.report([...outcomes.values()]);
    for (const notice of open) verdicts.set(notice, verdictOn(notice, outcomes.get(notice.subject)));
    return verdicts;
  };
}

async function reconcileDue(
  deps: ReconcileDueDeps,
  notices: readonly ChangeNotice[],
): Promise<Map<string, ReconcileOutcome>> {
  const ids = notices.map(({ subject }) => subject);
  if (ids.length === 0) return new Map();
  const { maxDeletionsPerMinute } = deps;
  try {
    const witnessId = await deps.eventSource.serviceAccountId();
    // The service account is nobody's user.
    const people = ids.filter((id) => id !== witnessId);
    const outcomes = await reconcileUsers(deps, people, { witnessId, maxDeletionsPerMinute });
    return people.length === ids.length ? outcomes : outcomes.set(witnessId, { outcome: "absent", enabled: false });
  } catch (error) {
    return new Map(ids.map((id) => [id, { ...failureOf(error), own: false }]));
  }
}

function verdictOn(notice: ChangeNotice, outcome: ReconcileOutcome | undefined): Verdict {
  if (!outcome) return { error: "internal.error", own: true };
  if (isFailure(outcome)) return outcome;
  return outcome.enabled ? "done" : onceMore(notice);
}

/** After a first pass found nobody, or nobody who may log in: whether nothing has come since that says otherwise. */
async function isSettled({ users, sessions }: IsSettledDeps, userId: string): Promise<boolean> {
  const row = await users.findById(userId);
  if (row && !row.deletedAt && row.enabled) return false;
  return (await sessions.findLive({ userId })).length === 0;
}

/** Creates of our own whose registration is completed by now, and nothing else was recorded for the user meanwhile. */
async function ownCreates(
  { registrations }: OwnCreatesDeps,
  notices: readonly ChangeNotice[],
): Promise<ChangeNotice[]> {
  const candidates = notices.filter(({ source, version }) => source === "registration" && version === 1n);
  if (candidates.length === 0) return [];
  const rows = await registrations.findByUserIds(candidates.map(({ subject }) => subject));
  const completed = new Set(rows.filter(({ state }) => state === "completed").map((row) => row.keycloakUserId));
  return candidates.filter(({ subject }) => completed.has(subject));
}

/** Creates of our own that recovery has yet to take back: nobody is to have them meanwhile. */
async function unfinishedCreates(
  deps: UnfinishedCreatesDeps,
  notices: readonly ChangeNotice[],
): Promise<Map<ChangeNotice, ReconcileFailure>> {
  const unfinished = new Map<ChangeNotice, ReconcileFailure>();
  for (const notice of notices.filter(({ source }) => source === "registration")) {
    // One that is parked is not waited for: an operator decides, and replays.
    const found = await unfinishedRegistrationOf(deps, notice.subject);
    if (found) unfinished.set(notice, { error: RECOVERING, own: found.row.parkedAt !== null });
  }
  if (unfinished.size > 0) deps.wake("registrations");
  return unfinished;
}
