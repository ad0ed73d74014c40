import { randomUUID } from "node:crypto";
import type { LeaseRepository, SessionRepository } from "@libs/database";
import type { SessionMetrics } from "../metrics/session-metrics.ts";
import { BatchSize, canBeSmaller } from "../services/shared/batch-size.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { Sweep } from "../workers/sweep.ts";

/** For {@link createExpirySweep}. */
export type ExpirySweepDeps = Pick<SyncDeps, "now" | "logger"> & {
  sessions: Pick<SessionRepository, "endExpired">;
  leases: Pick<LeaseRepository, "take" | "release">;
  metrics: Pick<SessionMetrics, "expiryFailed">;
};

/** A session whose tokens have run out is ended here this long after, at the latest. Milliseconds. */
const INTERVAL_MS = 30_000;
const LEASE_MS = 20_000;
const BATCH_ROWS = 1_000;

/**
 * Ends sessions whose refresh token has run out: what nobody reports. One replica does it at a time. A batch that times out
 * is tried again at half its size, and counted.
 */
export function createExpirySweep({ sessions, leases, now, logger, metrics }: ExpirySweepDeps): Sweep {
  const holder = randomUUID();
  const size = new BatchSize(BATCH_ROWS);
  return {
    name: "expiry",
    intervalMs: INTERVAL_MS,
    local: true,
    run: async () => {
      if ((await leases.take("expiry", holder, LEASE_MS)) === null) return 0;
      const rows = size.rows;
      try {
        const { checked, ended } = await size.run((limit) => sessions.endExpired(now(), limit));
        if (ended > 0) logger.info({ ended }, "sessions ended: their tokens have run out");
        return checked;
      } catch (error) {
        metrics.expiryFailed();
        if (!canBeSmaller(error, rows)) throw error;
        logger.warn({ rows }, "sessions could not be checked for their end in time: tried again with half as many");
        return 1;
      }
    },
    close: () => leases.release("expiry", holder),
  };
}
