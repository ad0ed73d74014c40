import { backOffMs, withJitter } from "@libs/observability/back-off";
import { type DatabaseClient, sqlState } from "@libs/postgres";
import { LockWaitError } from "./migration-error.ts";
import type { Report, SessionWatch } from "./session-watch.ts";

/** What a run of migrations works with. */
export interface MigrationRun {
  client: DatabaseClient;
  watch: SessionWatch;
  report: Report;
  /** For how long a statement or a transaction tries to get its locks. Milliseconds. */
  lockWaitMs: number;
  /** How long one try waits in the queue for a lock, where others' statements wait behind it. Milliseconds. */
  lockTimeoutMs: number;
}

/** Longer than a try, so that whoever waited behind it gets through. */
const PAUSES = { firstMs: 2_000, mostMs: 10_000 };

/** No lock in time; a deadlock. Nothing was done. */
const RETRIED = new Set(["55P03", "40P01"]);

/**
 * How long a statement may wait in a lock's queue. Below the 2 s that a service gives a query, because the queries of a table wait behind
 * a waiting ALTER. Above `deadlock_timeout`: only then PostgreSQL sends an autovacuum away that is in the way.
 * @param deadlockTimeoutMs the server's @returns milliseconds
 */
export const lockTimeoutMs = (deadlockTimeoutMs: number): number => Math.min(deadlockTimeoutMs + 500, 3_000);

/**
 * Runs `attempt` until it gets its locks, with pauses in which others go first.
 * @param what begins each line that is reported
 * @param attempt leaves nothing behind that a second one would stumble over
 * @throws LockWaitError after `lockWaitMs`; any other error of `attempt`
 */
export async function retryLocks(run: MigrationRun, what: string, attempt: () => Promise<void>): Promise<void> {
  const giveUpAt = performance.now() + run.lockWaitMs;
  for (let failures = 0; ; failures += 1) {
    try {
      return await run.watch.during(what, attempt);
    } catch (error) {
      if (!RETRIED.has(sqlState(error) ?? "")) throw error;
      const { waitsFor } = run.watch;
      if (performance.now() >= giveUpAt) throw new LockWaitError(run.lockWaitMs / 60_000, waitsFor);
      const pauseMs = withJitter(backOffMs(failures, PAUSES), 0.75, 1.25);
      const why = waitsFor ? ` (${waitsFor})` : "";
      run.report(`${what}: no lock in time, so others go first${why}; tries again in ${(pauseMs / 1000).toFixed(1)} s`);
      await Bun.sleep(pauseMs);
    }
  }
}

/** One transaction, repeated until it gets its locks. Times out in the queue of a lock, so that others never wait for long. */
export function inTransaction(run: MigrationRun, what: string, work: () => Promise<void>): Promise<void> {
  const { client } = run;
  return retryLocks(run, what, async () => {
    try {
      await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
      await client.query(`SET LOCAL lock_timeout = ${run.lockTimeoutMs}`);
      await work();
      await client.query("COMMIT");
    } catch (error) {
      await client.query("ROLLBACK").catch(() => {});
      throw error;
    }
  });
}
