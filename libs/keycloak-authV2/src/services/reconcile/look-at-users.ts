import { TransactionConflictError } from "@libs/database";
import { ExponentialBackoff, handleType, retry } from "cockatiel";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import { chunk } from "../shared/chunk.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import { LOOK_BATCH, type Look } from "./apply-read.ts";
import { type LookOnceDeps, lookOnce } from "./look-once.ts";
import { CONTENDED, failureOf, isFailure, type LookFailure, type LookOutcome, mayBeOneUsers } from "./look-outcome.ts";

/** For {@link lookAtUsers}: what every flow needs that has a user looked at. */
export type LookAtUsersDeps = Pick<SyncDeps, "logger"> & {
  keycloak: Pick<KeycloakUserRepository, "getUsers">;
} & LookOnceDeps;

type UsersLook = Look<LookAtUsersDeps>;

export interface LookOptions {
  /**
   * A user who is known to be in Keycloak, read along: an answer that lacks this one proves nothing about others. Left
   * out: any user of the same batch that is found.
   */
  witnessId?: string;
  /** More do not become tombstones within a minute, whoever looks. Default 100. */
  maxDeletionsPerMinute?: number;
  /** Not even the ticket is written where a row agrees: for scans of all users. */
  leaveUnchanged?: boolean;
}

const MAX_DELETIONS_PER_MINUTE = 100;
/** Looks that meet another's write in a row. */
const MOST_ROUNDS = 4;

/**
 * Reads users in Keycloak and has the local rows agree: fields, existence, and no live session of who is disabled or
 * gone. Any order and any repetition is harmless, since the read that began later wins. One bad user never stops the rest.
 * @param ids Keycloak user ids
 * @returns an outcome for each; never rejects
 */
export async function lookAtUsers(
  deps: LookAtUsersDeps,
  ids: readonly string[],
  options: LookOptions = {},
): Promise<Map<string, LookOutcome>> {
  const look: UsersLook = {
    deps,
    witnessId: options.witnessId,
    maxDeletionsPerMinute: options.maxDeletionsPerMinute ?? MAX_DELETIONS_PER_MINUTE,
    leaveUnchanged: options.leaveUnchanged ?? false,
  };
  const outcomes = new Map<string, LookOutcome>();
  for (const batch of chunk([...new Set(ids)], LOOK_BATCH))
    for (const [id, outcome] of await lookAtBatch(look, batch)) outcomes.set(id, outcome);
  return outcomes;
}

async function lookAtBatch(look: UsersLook, ids: string[]): Promise<Map<string, LookOutcome>> {
  try {
    return await lookUntilLast(look, ids);
  } catch (error) {
    const failure = failureOf(error);
    const all = (outcome: LookFailure) => new Map<string, LookOutcome>(ids.map((id) => [id, outcome]));
    look.deps.logger.debug({ err: error, code: failure.error, users: ids.length }, "reconciling users failed");
    if (!mayBeOneUsers(error) || !(await answersOtherwise(look, ids))) return all({ ...failure, own: false });
    if (ids.length === 1) return all({ ...failure, own: true });
    const middle = Math.ceil(ids.length / 2);
    const halves = [await lookAtBatch(look, ids.slice(0, middle)), await lookAtBatch(look, ids.slice(middle))];
    return new Map(halves.flatMap((half) => [...half]));
  }
}

/** A row that was written since its read began may hold what is older or newer than that read: only another look can tell. */
async function lookUntilLast(look: UsersLook, ids: readonly string[]): Promise<Map<string, LookOutcome>> {
  const outcomes = new Map<string, LookOutcome>();
  let open = ids;
  for (let round = 0; round < MOST_ROUNDS && open.length > 0; round++) {
    const now = open;
    for (const [id, outcome] of await unlessInterrupted(() => lookOnce(look, now))) outcomes.set(id, outcome);
    open = ids.filter((id) => isStale(outcomes.get(id)));
  }
  for (const id of open) outcomes.set(id, { error: CONTENDED, own: true });
  return outcomes;
}

const isStale = (outcome: LookOutcome | undefined) => outcome && !isFailure(outcome) && outcome.outcome === "stale";

/** A transaction that another one undid is begun again, with a read of its own. */
const unlessInterrupted = <T>(work: () => Promise<T>) =>
  retry(handleType(TransactionConflictError), {
    maxAttempts: 3,
    backoff: new ExponentialBackoff({ initialDelay: 20, maxDelay: 200 }),
  }).execute(work);

/** Whether Keycloak answers for somebody else: then the failure is one user's, and the others are looked at without. */
async function answersOtherwise({ deps, witnessId }: UsersLook, ids: string[]): Promise<boolean> {
  const other = witnessId ?? (ids.length > 1 ? ids[Math.floor(Math.random() * ids.length)] : undefined);
  if (other === undefined) return false;
  return await deps.keycloak.getUsers([other]).then(
    () => true,
    () => false,
  );
}
