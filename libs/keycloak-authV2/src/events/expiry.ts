import { randomUUID } from "node:crypto";
import type { LeaseRepository, SessionRepository } from "@libs/database";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { Sweep } from "../workers/sweep.ts";

/** For {@link createExpirySweep}. */
export type ExpirySweepDeps = Pick<SyncDeps, "now" | "logger"> & {
  sessions: Pick<SessionRepository, "endExpired">;
  leases: Pick<LeaseRepository, "take" | "release">;
};

/** A session whose tokens have run out is ended here this long after, at the latest. Milliseconds. */
const INTERVAL_MS = 30_000;
const LEASE_MS = 20_000;
const BATCH = 500;

/** Ends sessions whose refresh token has run out: what nobody reports. One replica does it at a time. */
export function createExpirySweep({ sessions, leases, now, logger }: ExpirySweepDeps): Sweep {
  const holder = randomUUID();
  return {
    name: "expiry",
    intervalMs: INTERVAL_MS,
    local: true,
    run: async () => {
      if ((await leases.take("expiry", holder, LEASE_MS)) === null) return 0;
      const ended = await sessions.endExpired(now(), BATCH);
      if (ended > 0) logger.info({ ended }, "sessions ended: their tokens have run out");
      return ended;
    },
    close: () => leases.release("expiry", holder),
  };
}
