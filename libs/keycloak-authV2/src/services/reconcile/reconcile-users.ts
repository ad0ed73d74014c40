import { TransactionConflictError } from "@libs/database";
import { ExponentialBackoff, handleType, retry } from "cockatiel";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import { chunk } from "../shared/chunk.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import { RECONCILE_BATCH, type Reconciliation } from "./apply-read.ts";
import { type ReconcileOnceDeps, reconcileOnce } from "./reconcile-once.ts";
import {
  CONTENDED,
  failureOf,
  isFailure,
  mayBeOneUsers,
  type ReconcileFailure,
  type ReconcileOutcome,
} from "./reconcile-outcome.ts";

/** For {@link reconcileUsers}: what every flow needs that reconciles users. */
export type ReconcileUsersDeps = Pick<SyncDeps, "logger"> & {
  keycloak: Pick<KeycloakUserRepository, "getUsers">;
} & ReconcileOnceDeps;

type UsersReconciliation = Reconciliation<ReconcileUsersDeps>;

export interface ReconcileOptions {
  /**
   * A user who is known to be in Keycloak, read along: an answer that lacks this one proves nothing about others. Left
   * out: any user of the same batch that is found.
   */
  witnessId?: string;
  /** More do not become tombstones within a minute, whoever reconciles. Default 100. */
  maxDeletionsPerMinute?: number;
  /** Not even the ticket is written where a row agrees: for scans of all users. */
  leaveUnchanged?: boolean;
}

const MAX_DELETIONS_PER_MINUTE = 100;
/** Reads that meet another's write in a row. */
const MOST_ROUNDS = 4;

/**
 * Reads users in Keycloak and has the local rows agree: fields, existence, and no live session of who is disabled or
 * gone. Any order and any repetition is harmless, since the read that began later wins. One bad user never stops the
 * rest.
 * @param ids Keycloak user ids
 * @returns an outcome for each; never rejects
 */
export async function reconcileUsers(
  deps: ReconcileUsersDeps,
  ids: readonly string[],
  options: ReconcileOptions = {},
): Promise<Map<string, ReconcileOutcome>> {
  const reconciliation: UsersReconciliation = {
    deps,
    witnessId: options.witnessId,
    maxDeletionsPerMinute: options.maxDeletionsPerMinute ?? MAX_DELETIONS_PER_MINUTE,
    leaveUnchanged: options.leaveUnchanged ?? false,
  };
  const outcomes = new Map<string, ReconcileOutcome>();
  for (const batch of chunk([...new Set(ids)], RECONCILE_BATCH))
    for (const [id, outcome] of await reconcileBatch(reconciliation, batch)) outcomes.set(id, outcome);
  return outcomes;
}

async function reconcileBatch(
  reconciliation: UsersReconciliation,
  ids: string[],
): Promise<Map<string, ReconcileOutcome>> {
  try {
    return await reconcileUntilFresh(reconciliation, ids);
  } catch (error) {
    const failure = failureOf(error);
    const all = (outcome: ReconcileFailure) => new Map<string, ReconcileOutcome>(ids.map((id) => [id, outcome]));
    reconciliation.deps.logger.debug(
      { err: error, code: failure.error, users: ids.length },
      "reconciling users failed",
    );
    if (!mayBeOneUsers(error) || !(await answersOtherwise(reconciliation, ids))) return all({ ...failure, own: false });
    if (ids.length === 1) return all({ ...failure, own: true });
    const middle = Math.ceil(ids.length / 2);
    const halves = [
      await reconcileBatch(reconciliation, ids.slice(0, middle)),
      await reconcileBatch(reconciliation, ids.slice(middle)),
    ];
    return new Map(halves.flatMap((half) => [...half]));
  }
}

/**
 * A row that was written since its read began may hold what is older or newer than that read: only another read
 * decides.
 */
async function reconcileUntilFresh(
  reconciliation: UsersReconciliation,
  ids: readonly string[],
): Promise<Map<string, ReconcileOutcome>> {
  const outcomes = new Map<string, ReconcileOutcome>();
  let open = ids;
  for (let round = 0; round < MOST_ROUNDS && open.length > 0; round++) {
    const now = open;
    for (const [id, outcome] of await unlessInterrupted(() => reconcileOnce(reconciliation, now)))
      outcomes.set(id, outcome);
    open = ids.filter((id) => isStale(outcomes.get(id)));
  }
  for (const id of open) outcomes.set(id, { error: CONTENDED, own: true });
  return outcomes;
}

const isStale = (outcome: ReconcileOutcome | undefined) =>
  outcome && !isFailure(outcome) && outcome.outcome === "stale";

/** A transaction that another one undid is begun again, with a read of its own. */
const unlessInterrupted = <T>(work: () => Promise<T>) =>
  retry(handleType(TransactionConflictError), {
    maxAttempts: 3,
    backoff: new ExponentialBackoff({ initialDelay: 20, maxDelay: 200 }),
  }).execute(work);

/** Whether Keycloak answers for somebody else: then the failure is one user's, and the others are reconciled without. */
async function answersOtherwise({ deps, witnessId }: UsersReconciliation, ids: string[]): Promise<boolean> {
  const other = witnessId ?? (ids.length > 1 ? ids[Math.floor(Math.random() * ids.length)] : undefined);
  if (other === undefined) return false;
  return await deps.keycloak.getUsers([other]).then(
    () => true,
    () => false,
  );
}
