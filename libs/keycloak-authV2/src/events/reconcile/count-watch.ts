import type { ReconcileRepository, UserCounts } from "@libs/database";
import type { SyncDeps } from "../../services/shared/sync-deps.ts";
import type { CountState } from "./count-state.ts";
import { type CountDifference, type CountUsersDeps, countKeycloakUsers, isZero, subtract } from "./count-users.ts";

/** For {@link CountWatch}. */
export type CountWatchDeps = Pick<SyncDeps, "now"> & {
  reconcile: Pick<ReconcileRepository, "countUsers" | "foldCounts">;
} & CountUsersDeps;

/** Between two readings. Milliseconds. */
const EVERY_MS = 5_000;
/** A difference is read again after this: a change on its way has arrived then. Milliseconds. */
const AGAIN_MS = 1_500;
/** The readings take no more than this share of the time. */
const SHARE = 0.05;
/** Rows; a backlog is left to the hourly pruning. */
const FOLDED_AT_ONCE = 1_000;
/** After one that failed. Milliseconds. */
const FAILED_MS = 30_000;

interface Reading {
  keycloak: UserCounts;
  /** Before Keycloak's. */
  local: UserCounts;
}

/**
 * Counts users on both sides. A difference that lasts two readings, and is not one that a reconciliation has explained,
 * is what {@link read} returns.
 */
export class CountWatch {
  #nextAt = 0;
  #first: Reading | undefined;

  constructor(private readonly deps: CountWatchDeps) {}

  isDue(): boolean {
    return this.deps.now().getTime() >= this.#nextAt;
  }

  /**
   * @param state what is known; updated
   * @returns the difference, once it has lasted; null: there is none, or it has to be read once more
   * @throws AuthError `keycloak.*`; what the repositories throw
   */
  async read(state: CountState): Promise<CountDifference | null> {
    const { deps } = this;
    this.#nextAt = deps.now().getTime() + FAILED_MS;
    const started = performance.now();
    const local = await deps.reconcile.countUsers();
    const reading = { local, keycloak: await countKeycloakUsers(deps) };
    const took = performance.now() - started;
    await deps.reconcile.foldCounts(FOLDED_AT_ONCE);
    const first = this.#first;
    this.#first = undefined;
    Object.assign(state, { at: deps.now().getTime(), ...reading });
    const difference = subtract(subtract(reading.keycloak, reading.local), state.explained);
    this.#nextAt = deps.now().getTime() + Math.max(EVERY_MS, took / SHARE);
    if (isZero(difference)) return null;
    if (first) return lasts(first, reading, state.explained) ? difference : null;
    this.#first = reading;
    this.#nextAt = deps.now().getTime() + AGAIN_MS;
    return null;
  }

  /**
   * A reconciliation that a difference had started is over. What is left of it counts as explained when nobody was found
   * who differs and it is what it was before, or when it has survived two of them.
   * @param before the difference that started it
   */
  async settle(state: CountState, before: CountDifference, found: number, startedAt: number): Promise<void> {
    const { deps } = this;
    const local = await deps.reconcile.countUsers();
    const left = subtract(subtract(await countKeycloakUsers(deps), local), state.explained);
    const same = isZero(subtract(left, before));
    // A new difference of the same size may have come just when the last one was mended.
    const again = state.last?.same === true && isZero(subtract(state.last.left, left));
    if (same && (found === 0 || again)) state.explained = add(state.explained, left);
    const now = deps.now().getTime();
    state.last = { left, same, found, finishedAt: now, tookMs: now - startedAt };
    this.#first = undefined;
  }
}

/**
 * Whether two readings differ in the same direction, and Keycloak's first count is none that the local side had between
 * them: users who are being registered are in Keycloak a moment before they are here.
 */
function lasts(first: Reading, second: Reading, explained: UserCounts): boolean {
  return (["live", "enabled", "emailVerified"] as const).some((field) => {
    const expected = first.keycloak[field] - explained[field];
    const [low, high] = [first.local[field], second.local[field]].sort((a, b) => a - b) as [number, number];
    const before = expected < low ? expected - low : Math.max(0, expected - high);
    const now = second.keycloak[field] - explained[field] - second.local[field];
    return before * now > 0;
  });
}

function add(a: UserCounts, b: UserCounts): UserCounts {
  return {
    live: a.live + b.live,
    enabled: a.enabled + b.enabled,
    emailVerified: a.emailVerified + b.emailVerified,
  };
}
