import { setTimeout as pause } from "node:timers/promises";
import type { FeedRepository, LeaseRepository } from "@libs/database";
import type { KeycloakEventSource } from "../../ports/ports.ts";
import { BulkError } from "../../services/bulk/bulk-error.ts";
import { InterruptedError, OutageRetry } from "../../services/bulk/outage-retry.ts";
import type { SyncDeps } from "../../services/shared/sync-deps.ts";
import type { Sweep } from "../../workers/sweep.ts";
import type { FeedDeps } from "../feed/feed-deps.ts";
import { FeedLeader } from "../feed/feed-leader.ts";
import { keepLease } from "../feed/keep-lease.ts";
import type { ProblemBoard } from "../feed/problem-board.ts";
import { CallRest } from "./call-rest.ts";
import type { CountedReconciliation } from "./counted-reconciliation.ts";
import type { Rounds } from "./create-rounds.ts";
import { failureCode, retryAfterMs } from "./failure-code.ts";
import type { Reconciled, ReconcileMetrics } from "./reconcile-metrics.ts";
import type { ReconcileState } from "./reconcile-run.ts";
import { readReconcileStatus } from "./reconcile-status.ts";
import { LostLease } from "./round-runner.ts";

export interface ReconcilerOptions {
  /** Every user and every live session is compared with Keycloak within this time. Milliseconds. */
  periodMs: number;
  /** Whether events are read where the server has some. */
  readsEvents: boolean;
  /** Calls to Keycloak, at most, beside the three of each counting. */
  maxCallsPerSecond: number;
}

/** For {@link Reconciler}: its lease, its status, and what it drives. */
export type ReconcilerDeps = Pick<SyncDeps, "now" | "logger"> &
  Pick<FeedDeps, "serverFeatures"> & {
    leases: Pick<LeaseRepository, "take" | "release">;
    eventSource: Pick<KeycloakEventSource, "serviceAccountId">;
    feed: Pick<FeedRepository, "readPosition">;
    problems: Pick<ProblemBoard, "set">;
    reconcileMetrics: Pick<ReconcileMetrics, "oldest" | "calls">;
    rounds: Rounds;
    counted: CountedReconciliation;
  };

const INTERVAL_MS = 250;
/** Ages and lateness are looked up so often, on every replica. Milliseconds. */
const STATUS_EVERY_MS = 5_000;
const PAGE = 200;
const SMALLEST_PAGE = 10;
/** Of a page after each step that went well. */
const GROWTH = 1.1;
/** Before it is asked whether Keycloak answers others. Milliseconds. */
const OUTAGE_RETRY_MS = 3_000;

/**
 * Keeps the local copy from drifting, whatever Keycloak reports or does not report: counts both sides every 5 seconds,
 * and compares everybody within a period, one call at a time. One replica does it, by lease; another goes on where it was.
 */
export class Reconciler {
  readonly #leader: FeedLeader;
  readonly #stop = new AbortController();
  readonly #state: ReconcileState;
  #witnessId = "";
  #fence: bigint | null = null;
  #pageSize = PAGE;
  readonly #rest: CallRest;
  #failures = 0;
  #retryAt = 0;
  #statusAt = 0;
  #next: Reconciled = "users";

  constructor(
    private readonly deps: ReconcilerDeps,
    private readonly options: ReconcilerOptions,
  ) {
    this.#leader = new FeedLeader(deps.leases, undefined, "reconcile");
    const { signal } = this.#stop;
    this.#rest = new CallRest(options.maxCallsPerSecond);
    const called = (calls = 1) => {
      if (signal.aborted) throw new InterruptedError();
      this.#rest.called(calls);
    };
    const onWaiting = (code: string | null) => this.#onWaiting(code);
    const retry = new OutageRetry({ outageMs: OUTAGE_RETRY_MS, signal, onWaiting });
    const comparesPasswords = async () =>
      !options.readsEvents || (await deps.serverFeatures.current()).eventsByTime === false;
    const self = this;
    this.#state = {
      retry,
      called,
      comparesPasswords,
      passedOver: new Set<string>(),
      get witnessId() {
        return self.#witnessId;
      },
      get pageSize() {
        return Math.round(self.#pageSize);
      },
    };
  }

  sweep(): Sweep {
    return {
      name: "reconcile",
      intervalMs: INTERVAL_MS,
      local: true,
      run: () => this.#sweep(),
      abort: () => this.#stop.abort(),
      close: async () => {
        await this.#drop();
        await this.#leader.release();
      },
    };
  }

  async #sweep(): Promise<number> {
    await this.#showStatus();
    const fence = await this.#leader.take();
    if (fence === null || fence !== this.#fence) await this.#drop();
    if (fence !== null && fence !== this.#fence) {
      // From where the replica before was.
      this.#fence = null;
      await this.deps.counted.load();
      for (const rounds of Object.values(this.deps.rounds)) await rounds.load();
    }
    this.#fence = fence;
    if (fence === null || this.#stop.signal.aborted) return 0;
    const lease = { name: this.#leader.name, fence };
    const now = this.deps.now().getTime();
    if (now < this.#retryAt) return 0;
    const restMs = this.deps.counted.countsNext ? 0 : this.#rest.leftMs;
    if (restMs > 0) {
      // The lease is renewed meanwhile, by the sweeps that follow.
      await pause(Math.min(restMs, INTERVAL_MS), undefined, { signal: this.#stop.signal }).catch(() => {});
      return 1;
    }
    const what = (["users", "sessions"] as const)
      .toSorted((a) => (a === this.#next ? -1 : 1))
      .find((kind) => this.deps.rounds[kind].isDue(now));
    if (this.deps.counted.isDue())
      return await this.#step(() => this.deps.counted.step(this.#state, this.#isCountable(), lease));
    if (!what) return 0;
    this.#next = what === "users" ? "sessions" : "users";
    return await this.#step(() => this.deps.rounds[what].step(this.#state, lease));
  }

  /** A first round has given everybody who is in Keycloak a created time. */
  #isCountable(): boolean {
    return this.deps.rounds.users.state?.previous != null;
  }

  /** @returns 1: there may be more to do */
  async #step(work: () => Promise<void>): Promise<number> {
    const { deps } = this;
    this.#rest.begin();
    try {
      this.#witnessId = await deps.eventSource.serviceAccountId();
      await keepLease(this.#leader, work);
      if (this.#failures > 0) deps.logger.info("reconciliation continues");
      this.#failures = 0;
      this.#pageSize = Math.min(PAGE, this.#pageSize * GROWTH);
    } catch (error) {
      await this.#drop();
      if (error instanceof LostLease) {
        this.#leader.lost();
        this.#fence = null;
      } else if (!this.#stop.signal.aborted) this.#failed(error);
      return 0;
    } finally {
      deps.reconcileMetrics.calls(this.#rest.end());
    }
    return 1;
  }

  /** Of each try that failed. */
  #onWaiting(code: string | null): void {
    if (code?.startsWith("keycloak")) this.#rest.called();
    if (code === "keycloak.timeout") this.#shrinkPages();
  }

  /** A page that is not in Keycloak's cache takes its time. */
  #shrinkPages(): void {
    this.#pageSize = Math.max(SMALLEST_PAGE, this.#pageSize / 2);
  }

  #failed(error: unknown): void {
    const { logger, now } = this.deps;
    const code = failureCode(error);
    // Of one that was waited for, the pages have shrunk.
    if (code === "keycloak.timeout" && !(error instanceof BulkError)) this.#shrinkPages();
    if (this.#failures === 0) logger.warn({ err: error, code }, "reconciliation waits: it will be retried");
    this.#failures += 1;
    this.#retryAt = now().getTime() + retryAfterMs(this.#failures);
  }

  async #drop(): Promise<void> {
    await this.deps.counted.drop();
    for (const rounds of Object.values(this.deps.rounds)) await rounds.drop();
  }

  async #showStatus(): Promise<void> {
    const { deps, options } = this;
    const now = deps.now().getTime();
    if (now - this.#statusAt < STATUS_EVERY_MS) return;
    this.#statusAt = now;
    const status = await readReconcileStatus(deps.feed);
    const late: Record<string, number> = {};
    for (const what of ["users", "sessions"] as const) {
      const oldestAt = status[what]?.oldestAt;
      if (!oldestAt) continue;
      const seconds = Math.max(0, (now - oldestAt.getTime()) / 1000);
      deps.reconcileMetrics.oldest(what, seconds);
      if (seconds * 1000 > options.periodMs) late[`${what}Seconds`] = Math.round(seconds);
    }
    const details = { ...late, periodSeconds: options.periodMs / 1000 };
    deps.problems.set("reconcile_late", Object.keys(late).length > 0, details);
  }
}
