import type { AuthErrorCode } from "@libs/problems";
import type { KeycloakEventSource } from "../ports/ports.ts";
import { toAuthError } from "../services/shared/database-failure.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { Sweep } from "../workers/sweep.ts";
import type { EventStream } from "./event-stream.ts";
import { EventTail, LeaseLostError, type TailDeps } from "./event-tail.ts";
import type { FeedDeps } from "./feed/feed-deps.ts";
import type { FeedLeader } from "./feed/feed-leader.ts";
import type { ReaderMetrics } from "./feed-metrics.ts";
import type { KeycloakClock } from "./keycloak-clock.ts";
import { SeenEvents } from "./seen-events.ts";

/** What is committed a little after its time. */
const FAST_OVERLAP_MS = 10_000;
/** Longer than Keycloak's longest transaction, 5 minutes. */
const SLOW_OVERLAP_MS = 390_000;
const SLOW_EVERY_MS = 30_000;
/** With many events the slow tier reads much again: it may take this share of the time. */
const SLOW_SHARE = 0.05;
const SEEN_KEPT_MS = 900_000;
/** After so long without a reading it is checked whether events were lost. */
const GAP_MS = 600_000;

/** For {@link EventReader}. */
export type ReaderDeps = Pick<SyncDeps, "now" | "wake" | "logger"> &
  Pick<FeedDeps, "serverFeatures"> &
  ReadingDeps &
  TailDeps;

interface ReadingDeps {
  eventSource: Pick<KeycloakEventSource, "readEventsConfig">;
  /** What is read. */
  streams: readonly EventStream[];
  feedMetrics: Pick<ReaderMetrics, "leader">;
  leader: FeedLeader;
  clock: KeycloakClock;
  /** Events were deleted before they were read. */
  onLoss: (reason: string) => Promise<void>;
  /** Between two readings. Milliseconds. */
  pollIntervalMs: number;
}

/** Reads Keycloak's events, on one replica: often a few seconds back, and now and then some minutes. */
export class EventReader {
  readonly #fast: EventTail[];
  readonly #slow: EventTail[];
  readonly #seen = new SeenEvents(SEEN_KEPT_MS);
  #fence: bigint | null = null;
  #slowRun: Promise<void> | undefined;
  #slowDueAt = 0;
  /** When all events were read last, by this process's clock; it begins with its start. */
  lastReadAt: Date;
  /** Why the last reading failed; null: it did not. */
  failure: AuthErrorCode | null = null;

  constructor(private readonly deps: ReaderDeps) {
    const { streams } = deps;
    this.#fast = streams.map((stream) => this.#tail(stream, FAST_OVERLAP_MS, stream.source));
    this.#slow = streams.map((stream) => this.#tail(stream, SLOW_OVERLAP_MS, `${stream.source}.slow`));
    this.lastReadAt = deps.now();
  }

  sweep(): Sweep {
    const { leader, pollIntervalMs } = this.deps;
    return {
      name: "events",
      intervalMs: pollIntervalMs,
      local: true,
      run: () => this.#run(),
      close: async () => {
        await this.#slowRun;
        await leader.release();
      },
    };
  }

  async #run(): Promise<number> {
    const { leader, feedMetrics, now } = this.deps;
    try {
      const fence = await leader.take();
      feedMetrics.leader(fence !== null);
      if (fence === null) return 0;
      if (!(await this.#canRead())) return 0;
      if (fence !== this.#fence) await this.#begin(fence);
      await this.#checkForLoss();
      await this.#read(this.#fast, fence);
      this.lastReadAt = now();
      this.failure = null;
      if (performance.now() >= this.#slowDueAt) this.#slowRun ??= this.#readSlowly(fence);
    } catch (error) {
      feedMetrics.leader(leader.leads);
      if (!this.#isLeaseLost(error)) {
        this.failure = toAuthError(error).code;
        throw error;
      }
    }
    return 0;
  }

  /** Whether there are events to read on this server; where there are none, nothing is late. @throws AuthError */
  async #canRead(): Promise<boolean> {
    const { serverFeatures, now } = this.deps;
    if ((await serverFeatures.current()).eventsByTime !== false) return true;
    // Reading begins anew once the server is one that has them.
    this.#fence = null;
    this.lastReadAt = now();
    this.failure = null;
    return false;
  }

  /** From where the leader before was. */
  async #begin(fence: bigint): Promise<void> {
    const { clock } = this.deps;
    this.#fence = null;
    await this.#slowRun;
    this.#seen.clear();
    await clock.measure();
    for (const tail of [...this.#fast, ...this.#slow]) await tail.load(clock.now());
    this.#slowDueAt = 0;
    this.#fence = fence;
  }

  async #checkForLoss(): Promise<void> {
    const { clock, eventSource, onLoss } = this.deps;
    const late = this.#fast.filter((tail) => tail.behindMs(clock.now()) > GAP_MS);
    if (late.length === 0) return;
    const { userEventsKeptMs } = await eventSource.readEventsConfig();
    for (const tail of late) {
      const keptMs = tail.stream.source === "user_events" ? userEventsKeptMs : null;
      if (await tail.hasLost(clock.now(), keptMs))
        return await onLoss(`${tail.stream.source} deleted before they were read`);
    }
  }

  async #read(tails: EventTail[], fence: bigint): Promise<void> {
    const { leader, clock, wake } = this.deps;
    const lease = { name: leader.name, fence };
    const readings = await Promise.allSettled(
      tails.map(async (tail) => {
        if ((await tail.read(clock.now(), lease)) > 0) wake("notices");
      }),
    );
    for (const reading of readings) if (reading.status === "rejected") throw reading.reason;
  }

  async #readSlowly(fence: bigint): Promise<void> {
    const from = performance.now();
    try {
      await this.#read(this.#slow, fence);
    } catch (error) {
      if (!this.#isLeaseLost(error)) this.deps.logger.debug({ err: error }, "slow reading of events failed");
    }
    const took = performance.now() - from;
    this.#slowDueAt = performance.now() + Math.max(SLOW_EVERY_MS, took / SLOW_SHARE);
    this.#slowRun = undefined;
  }

  #isLeaseLost(error: unknown): boolean {
    if (!(error instanceof LeaseLostError)) return false;
    this.deps.leader.lost();
    this.deps.feedMetrics.leader(false);
    this.#fence = null;
    return true;
  }

  #tail(stream: EventTail["stream"], overlapMs: number, key: string): EventTail {
    return new EventTail(this.deps, stream, this.#seen, { overlapMs, key });
  }
}
