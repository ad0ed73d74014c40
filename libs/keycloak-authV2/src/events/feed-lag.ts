import type { FeedRepository } from "@libs/database";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import { STORE_EVERY_MS } from "./event-tail.ts";
import { BEHIND_MS, type ProblemBoard } from "./feed/problem-board.ts";
import type { ReaderMetrics } from "./feed-metrics.ts";
import type { EventReader, ReaderDeps } from "./read-events.ts";

/** For {@link FeedLag}. */
export type FeedLagDeps = Pick<SyncDeps, "now"> &
  Pick<ReaderDeps, "clock" | "pollIntervalMs"> & {
    reader: Pick<EventReader, "lastReadAt">;
    feed: Pick<FeedRepository, "backlog">;
    feedMetrics: Pick<ReaderMetrics, "backlog" | "lag">;
    problems: Pick<ProblemBoard, "set">;
  };

/** How far the reading and handling of changes is behind, here and on the replica that reads. */
export class FeedLag {
  /** When another replica is known to have read last. */
  othersReadAt: Date | undefined;
  #oldestChangedAt: Date | null = null;

  constructor(private readonly deps: FeedLagDeps) {}

  /** Seconds that the oldest change waits, or since the events were read last. */
  get seconds(): number {
    const { now, clock, reader, pollIntervalMs } = this.deps;
    const at = now().getTime() - 2 * pollIntervalMs;
    const ownMs = at - reader.lastReadAt.getTime();
    const othersMs = at - (this.othersReadAt?.getTime() ?? 0) - STORE_EVERY_MS;
    const waitingMs = this.#oldestChangedAt ? clock.now().getTime() - this.#oldestChangedAt.getTime() : 0;
    return Math.max(0, Math.min(ownMs, othersMs), waitingMs) / 1000;
  }

  /** @throws DatabaseError */
  async checkBacklog(): Promise<void> {
    const { feed, feedMetrics, problems } = this.deps;
    const backlog = await feed.backlog();
    feedMetrics.backlog(backlog);
    this.#oldestChangedAt = backlog.oldestChangedAt;
    problems.set("dead_letters", backlog.dead > 0, { deadLetters: backlog.dead });
  }

  report(): void {
    const { feedMetrics, problems } = this.deps;
    const { seconds } = this;
    feedMetrics.lag(seconds);
    problems.set("behind", seconds * 1000 > BEHIND_MS, { lagSeconds: Math.round(seconds) });
  }
}
