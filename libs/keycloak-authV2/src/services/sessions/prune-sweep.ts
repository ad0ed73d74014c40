import type { FeedRepository, ReconcileRepository, RetentionRepository } from "@libs/database";
import type { SessionMetrics } from "../../metrics/session-metrics.ts";
import type { Sweep } from "../../workers/index.ts";
import { later } from "../shared/back-off.ts";
import { BatchSize, canBeSmaller } from "../shared/batch-size.ts";
import { toAuthError } from "../shared/database-failure.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

/** For {@link pruneSweep}. */
export type PruneSweepDeps = Pick<SyncDeps, "retentionMs" | "now" | "logger"> & {
  retention: RetentionRepository;
  feed: Pick<FeedRepository, "pruneSeenEvents">;
  reconcile: Pick<ReconcileRepository, "foldCounts">;
  metrics: Pick<SessionMetrics, "pruned" | "pruneFailed">;
};

/** What one run removes of a table, at most, so that a batch never holds up the others for long. */
const batchRows = 500;
/** Of small rows. */
const smallRows = 10 * batchRows;

/** Far longer than an event can be read again by the feed. */
const seenEventsMs = 3_600_000;

interface Pruned {
  /** For log and metrics. */
  table: string;
  size: BatchSize;
  remove: (rows: number) => Promise<number>;
  /** Folds rather than removes: users change all the time, and a batch that is not full is no reason to run again. */
  folds?: true;
}

/**
 * Removes what is no longer needed, and folds the counts of users, which are kept where nobody reconciles too: hourly, on
 * one replica. Each table has its turn whatever becomes of the others; a failure is logged and counted each time.
 */
export function pruneSweep(deps: PruneSweepDeps): Sweep {
  const tables = prunedTables(deps);
  return {
    name: "prune",
    cron: "17 * * * *",
    run: async () => {
      const removed: Record<string, number> = {};
      let handled = 0;
      for (const table of tables) {
        const { count, again } = await pruneTable(deps, table);
        handled += again;
        if (!table.folds && count > 0) removed[table.table] = count;
      }
      if (Object.keys(removed).length > 0) deps.logger.info(removed, "old rows removed");
      return handled;
    },
  };
}

function prunedTables({ retention, feed, reconcile, retentionMs, now }: PruneSweepDeps): Pruned[] {
  const table = (name: string, most: number, remove: Pruned["remove"]): Pruned => {
    return { table: name, size: new BatchSize(most), remove };
  };
  const before = (ms: number) => later(now(), -ms);
  return [
    table("registrations", batchRows, (n) =>
      retention.deleteFinishedRegistrations(before(retentionMs.registrations), n),
    ),
    // Mostly hashes of spent tokens.
    table("sessions", smallRows, (n) => retention.deleteEndedSessions(before(retentionMs.sessions), n)),
    table("idempotency_keys", batchRows, (n) => retention.deleteExpiredIdempotencyKeys(now(), n)),
    table("rate_limits", batchRows, (n) => retention.deleteExpiredRateLimits(now(), n)),
    table("feed_seen_events", smallRows, (n) => feed.pruneSeenEvents(before(seenEventsMs), n)),
    table("activity_logs", smallRows, (n) => retention.deleteOldActivities(before(retentionMs.activities), n)),
    table("login_locks", batchRows, (n) => retention.deleteExpiredLoginLocks(n)),
    { ...table("user_count_changes", smallRows, (n) => reconcile.foldCounts(n)), folds: true },
  ];
}

/** @returns how many rows, and what the sweep has handled: more than none, and it runs again at once */
async function pruneTable(
  { metrics, logger }: Pick<PruneSweepDeps, "metrics" | "logger">,
  { table, size, remove, folds }: Pruned,
): Promise<{ count: number; again: number }> {
  const rows = size.rows;
  try {
    const count = await size.run(remove);
    if (count > 0) metrics.pruned(table, count);
    return { count, again: folds && count < rows ? 0 : count };
  } catch (error) {
    metrics.pruneFailed(table);
    logger.error({ err: toAuthError(error), table, rows }, "old rows could not be removed: tried again");
    return { count: 0, again: canBeSmaller(error, rows) ? 1 : 0 };
  }
}
