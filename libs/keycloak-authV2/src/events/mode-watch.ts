import type { FeedRepository } from "@libs/database";
import type { Logger } from "@libs/observability";
import type { ServerFeatureSource } from "../ports/ports.ts";
import type { Sweep } from "../workers/sweep.ts";
import type { ProblemBoard } from "./feed/problem-board.ts";
import type { ReaderMetrics } from "./feed-metrics.ts";
import {
  describeMode,
  type FeedMode,
  type FeedModeStatus,
  MODE_EVERY_MS,
  readStoredMode,
  storeMode,
} from "./feed-mode.ts";

export interface ModeDeps {
  serverFeatures: Pick<ServerFeatureSource, "current">;
  feed: Pick<FeedRepository, "storeEvents" | "readPosition">;
  feedMetrics: Pick<ReaderMetrics, "mode">;
  problems: Pick<ProblemBoard, "set">;
  logger: Logger;
  now: () => Date;
}

export interface ModeOptions {
  readsEvents: boolean;
  reconciles: boolean;
  /** Within which everybody is compared. Milliseconds. */
  periodMs: number;
}

/** Knows how changes arrive, on every replica: for readiness, a metric, the log, and in the database for operators. */
export class ModeWatch {
  #mode: FeedMode | undefined;

  constructor(
    private readonly deps: ModeDeps,
    private readonly options: ModeOptions,
  ) {}

  /** null: Keycloak has not answered yet. */
  get status(): FeedModeStatus | null {
    return this.#mode === undefined ? null : describeMode(this.#mode, this.options.periodMs);
  }

  sweep(): Sweep {
    return { name: "mode", intervalMs: MODE_EVERY_MS, local: true, run: () => this.check() };
  }

  /** @throws AuthError `keycloak.*` while nothing is known of the server; DatabaseError */
  async check(): Promise<number> {
    const { problems, feedMetrics } = this.deps;
    const { periodMs } = this.options;
    const mode = await this.#find().catch(async (error: unknown) => {
      // So that operators see a gateway that runs, and can't reach Keycloak.
      await this.#store(this.#mode ?? "events");
      throw error;
    });
    problems.set("feed_off", this.#isUnwanted(mode));
    feedMetrics.mode(mode, periodMs);
    if (mode !== this.#mode) this.#report(mode);
    this.#mode = mode;
    await this.#store(mode);
    return 0;
  }

  /** Events are wanted, and neither they nor anything else arrives. */
  #isUnwanted(mode: FeedMode): boolean {
    return mode === "off" && this.options.readsEvents;
  }

  async #find(): Promise<FeedMode> {
    const { readsEvents, reconciles } = this.options;
    if (readsEvents && (await this.deps.serverFeatures.current()).eventsByTime !== false) return "events";
    return reconciles ? "reconciliation" : "off";
  }

  #report(mode: FeedMode): void {
    const { logger } = this.deps;
    const { readsEvents, periodMs } = this.options;
    const { bound } = describeMode(mode, periodMs);
    const why = readsEvents ? "this Keycloak is older than 26.2: its events can't be read" : "FEED_ENABLED=false";
    if (mode === "events") logger.info({ feed_mode: mode, bound }, "changes in Keycloak arrive by its events");
    else logger.warn({ feed_mode: mode, bound }, `changes in Keycloak arrive without events: ${why}`);
  }

  /** A replica that leaves the events to others does not speak for them. */
  async #store(mode: FeedMode): Promise<void> {
    const { feed, now } = this.deps;
    const { readsEvents, periodMs } = this.options;
    if (!readsEvents) {
      const stored = await readStoredMode(feed, now());
      if (stored?.running && stored.mode === "events") return;
    }
    await storeMode(feed, { mode, periodMs, unwanted: this.#isUnwanted(mode) }, now());
  }
}
