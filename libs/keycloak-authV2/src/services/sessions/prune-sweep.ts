import type { FeedRepository, ReconcileRepository, RetentionRepository } from "@libs/database";
import type { Sweep } from "../../workers/index.ts";
import { later } from "../shared/back-off.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

/** For {@link pruneSweep}. */
export type PruneSweepDeps = Pick<SyncDeps, "retentionMs" | "now" | "logger"> & {
  retention: RetentionRepository;
  feed: Pick<FeedRepository, "pruneSeenEvents">;
  reconcile: Pick<ReconcileRepository, "foldCounts">;
};

/** So few that a batch never holds up the others for long. */
const batchSize = 500;

/** Far longer than an event can be read again by the feed. */
const seenEventsMs = 3_600_000;

/** Removes what is no longer needed, and folds the counts of users, which are kept where nobody reconciles too: hourly, on one replica. */
export function pruneSweep({ retention, feed, reconcile, retentionMs, now, logger }: PruneSweepDeps): Sweep {
  return {
    name: "prune",
    cron: "17 * * * *",
    run: async () => {
      const removed = {
        registrations: await retention.deleteFinishedRegistrations(later(now(), -retentionMs.registrations), batchSize),
        sessions: await retention.deleteEndedSessions(later(now(), -retentionMs.sessions), batchSize),
        idempotencyKeys: await retention.deleteExpiredIdempotencyKeys(now(), batchSize),
        rateLimits: await retention.deleteExpiredRateLimits(now(), batchSize),
        seenEvents: await feed.pruneSeenEvents(later(now(), -seenEventsMs), 10 * batchSize),
        activities: await retention.deleteOldActivities(later(now(), -retentionMs.activities), 10 * batchSize),
        loginLocks: await retention.deleteExpiredLoginLocks(batchSize),
      };
      const folded = await reconcile.foldCounts(10 * batchSize);
      // Users change all the time: a batch that is not full is no reason to run again at once.
      const counted = folded < 10 * batchSize ? 0 : folded;
      const total = Object.values(removed).reduce((sum, count) => sum + count, 0);
      if (total > 0) logger.info(removed, "old rows removed");
      return total + counted;
    },
  };
}
