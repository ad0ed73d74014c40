import type { Hint, RegistrationRepository, SessionRepository, UserRepository } from "@libs/database";
import type { KeycloakEventSource } from "../ports/ports.ts";
import { type LookAtUsersDeps, lookAtUsers } from "../services/reconcile/look-at-users.ts";
import {
  failureOf,
  isFailure,
  type LookFailure,
  type LookOutcome,
  RECOVERING,
} from "../services/reconcile/look-outcome.ts";
import { type OwnRegistrationDeps, unfinishedRegistrationOf } from "../services/reconcile/own-registration.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { DeletionGuard } from "./deletion-guard.ts";
import type { FeedDeps } from "./feed/feed-deps.ts";
import { type HintHandler, onceMore, type Verdict } from "./verdict.ts";

type LookDeps = Pick<FeedDeps, "maxDeletionsPerMinute"> & {
  eventSource: Pick<KeycloakEventSource, "serviceAccountId">;
} & LookAtUsersDeps;

interface IsSettledDeps {
  users: Pick<UserRepository, "findById">;
  sessions: Pick<SessionRepository, "findLive">;
}

interface OwnCreatesDeps {
  registrations: Pick<RegistrationRepository, "findByUserIds">;
}

type UnfinishedCreatesDeps = Pick<SyncDeps, "wake"> & OwnRegistrationDeps;

/** For {@link createUserHintHandler}: all of it is what its steps use. */
export type UserHintDeps = LookDeps & IsSettledDeps & OwnCreatesDeps & UnfinishedCreatesDeps;

/** `user`: fields, enabled, existence, read in batches. */
export function createUserHintHandler(guard: Pick<DeletionGuard, "report">): HintHandler<UserHintDeps> {
  return async (deps, hints) => {
    const verdicts = new Map<Hint, Verdict>();
    for (const hint of await ownCreates(deps, hints)) verdicts.set(hint, "done");
    for (const [hint, failure] of await unfinishedCreates(
      deps,
      hints.filter((one) => !verdicts.has(one)),
    ))
      verdicts.set(hint, failure);
    for (const hint of hints) if (hint.looks > 0 && (await isSettled(deps, hint.subject))) verdicts.set(hint, "done");
    const open = hints.filter((hint) => !verdicts.has(hint));
    const outcomes = await look(deps, open);
    guard.report([...outcomes.values()]);
    for (const hint of open) verdicts.set(hint, verdictOn(hint, outcomes.get(hint.subject)));
    return verdicts;
  };
}

async function look(deps: LookDeps, hints: readonly Hint[]): Promise<Map<string, LookOutcome>> {
  const ids = hints.map(({ subject }) => subject);
  if (ids.length === 0) return new Map();
  const { maxDeletionsPerMinute } = deps;
  try {
    const witnessId = await deps.eventSource.serviceAccountId();
    // The service account is nobody's user.
    const people = ids.filter((id) => id !== witnessId);
    const looks = await lookAtUsers(deps, people, { witnessId, maxDeletionsPerMinute });
    return people.length === ids.length ? looks : looks.set(witnessId, { outcome: "absent", enabled: false });
  } catch (error) {
    return new Map(ids.map((id) => [id, { ...failureOf(error), own: false }]));
  }
}

function verdictOn(hint: Hint, outcome: LookOutcome | undefined): Verdict {
  if (!outcome) return { error: "internal.error", own: true };
  if (isFailure(outcome)) return outcome;
  return outcome.enabled ? "done" : onceMore(hint);
}

/** After a first look found nobody, or nobody who may log in: whether nothing has come since that says otherwise. */
async function isSettled({ users, sessions }: IsSettledDeps, userId: string): Promise<boolean> {
  const row = await users.findById(userId);
  if (row && !row.deletedAt && row.enabled) return false;
  return (await sessions.findLive({ userId })).length === 0;
}

/** Creates of our own whose registration is completed by now, and nothing else was told of the user meanwhile. */
async function ownCreates({ registrations }: OwnCreatesDeps, hints: readonly Hint[]): Promise<Hint[]> {
  const candidates = hints.filter(({ source, version }) => source === "registration" && version === 1n);
  if (candidates.length === 0) return [];
  const rows = await registrations.findByUserIds(candidates.map(({ subject }) => subject));
  const completed = new Set(rows.filter(({ state }) => state === "completed").map((row) => row.keycloakUserId));
  return candidates.filter(({ subject }) => completed.has(subject));
}

/** Creates of our own that recovery has yet to take back: nobody is to have them meanwhile. */
async function unfinishedCreates(deps: UnfinishedCreatesDeps, hints: readonly Hint[]): Promise<Map<Hint, LookFailure>> {
  const unfinished = new Map<Hint, LookFailure>();
  for (const hint of hints.filter(({ source }) => source === "registration")) {
    // One that is parked is not waited for: an operator decides, and replays.
    const found = await unfinishedRegistrationOf(deps, hint.subject);
    if (found) unfinished.set(hint, { error: RECOVERING, own: found.row.parkedAt !== null });
  }
  if (unfinished.size > 0) deps.wake("registrations");
  return unfinished;
}
