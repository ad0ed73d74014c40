import type { FeedRepository } from "@libs/database";
import type { SyncDeps } from "../../services/shared/sync-deps.ts";
import type { CompareAllUsersDeps } from "./compare-all-users.ts";
import { type CountState, newCountState, readCountState } from "./count-state.ts";
import { CountWatch, type CountWatchDeps } from "./count-watch.ts";
import { CountedPass } from "./counted-pass.ts";
import type { ReconcileMetrics } from "./reconcile-metrics.ts";
import { createRun, type ReconcileState } from "./reconcile-run.ts";
import { COUNTS } from "./reconcile-status.ts";
import { LostLease } from "./round-runner.ts";

/** For {@link CountedReconciliation}: its counts, and what its passes use. */
export type CountedReconciliationDeps = Pick<SyncDeps, "now" | "logger"> & {
  feed: Pick<FeedRepository, "readPosition" | "storeEvents" | "backlog">;
  reconcileMetrics: Pick<ReconcileMetrics, "differences" | "countDifference">;
} & CountWatchDeps &
  CompareAllUsersDeps;

/** So long what a pass has found is waited for, before the counts may start another one. Milliseconds. */
const HANDLED_WITHIN_MS = 120_000;

interface Lease {
  name: string;
  fence: bigint;
}

/** Counts users on both sides, and reconciles them at once when a difference lasts that nothing explains. */
export class CountedReconciliation {
  readonly #watch: CountWatch;
  #state: CountState = newCountState();
  #pass: CountedPass | undefined;

  constructor(private readonly deps: CountedReconciliationDeps) {
    this.#watch = new CountWatch(deps);
  }

  /** Reads what is known. @throws DatabaseError */
  async load(): Promise<void> {
    const stored = await this.deps.feed.readPosition(COUNTS);
    this.#state = readCountState(stored?.position) ?? newCountState();
    this.#pass = undefined;
  }

  isDue(): boolean {
    return this.#pass !== undefined || this.#watch.isDue();
  }

  /** Whether the next step is a count: its few calls are beside the others, and wait for no rest. */
  get countsNext(): boolean {
    return this.#pass === undefined && this.#watch.isDue();
  }

  async drop(): Promise<void> {
    await this.#pass?.drop();
  }

  /**
   * Counts, or goes on with the pass that counting has started.
   * @param countable see {@link CountedPass}
   * @throws AuthError `keycloak.*`; LostLease; what the repositories throw
   */
  async step(state: ReconcileState, countable: boolean, lease: Lease): Promise<void> {
    if (this.#pass) await this.#goOn(this.#pass, state, lease);
    else await this.#count(countable, lease);
  }

  async #count(countable: boolean, lease: Lease): Promise<void> {
    const { now, logger } = this.deps;
    const difference = await this.#watch.read(this.#state);
    this.#show();
    await this.#store(lease);
    if (!difference || (await this.#isResting())) return;
    logger.warn(
      { keycloakHasMore: difference },
      "Keycloak's user counts differ from the local ones: users are reconciled now",
    );
    this.#pass = new CountedPass(difference, countable, now().getTime());
  }

  async #goOn(pass: CountedPass, state: ReconcileState, lease: Lease): Promise<void> {
    const { logger, reconcileMetrics } = this.deps;
    const before = pass.found;
    const over = await pass.step(createRun(this.deps, state));
    reconcileMetrics.differences("users", pass.found - before);
    if (!over) return;
    this.#pass = undefined;
    await this.#watch.settle(this.#state, pass.difference, pass.found, pass.startedAt);
    const { explained } = this.#state;
    logger.info({ found: pass.found, explained }, "users were reconciled, because the counts differed");
    this.#show();
    await this.#store(lease);
  }

  /** What the last pass found is being handled, or passes would leave Keycloak no rest. */
  async #isResting(): Promise<boolean> {
    const { last } = this.#state;
    if (!last) return false;
    const since = this.deps.now().getTime() - last.finishedAt;
    if (since < last.tookMs) return true;
    if (last.found === 0 || since >= HANDLED_WITHIN_MS) return false;
    // Of what waits for its first reading; the second ones, after a while, change nothing as a rule.
    return (await this.deps.feed.backlog()).oldestChangedAt !== null;
  }

  #show(): void {
    const { keycloak, local, explained } = this.#state;
    for (const field of ["live", "enabled", "emailVerified"] as const)
      this.deps.reconcileMetrics.countDifference(field, keycloak[field] - local[field] - explained[field]);
  }

  async #store(lease: Lease): Promise<void> {
    const { feed, now } = this.deps;
    const stored = await feed.storeEvents({ source: COUNTS, events: [], position: this.#state, lease }, now());
    if (stored === null) throw new LostLease();
  }
}
