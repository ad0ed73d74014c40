import { setTimeout as sleep } from "node:timers/promises";
import { backOffMs, withJitter } from "@libs/observability/back-off";

/** With the first. */
const MOST_TRIES = 5;
const PAUSES = { firstMs: 10, mostMs: 80 };

/**
 * Runs a whole transaction, or a statement that is one, again where PostgreSQL undid it for the sake of another
 * transaction: 40001 and 40P01 say so for certain, also as the answer to COMMIT.
 * @param work from BEGIN to COMMIT; what it does beside has to bear repeating
 * @param isConflict whether nothing was written, for that reason. An answer that is lost is no such error
 * @returns what `work` gives; its last error where it fails each time, after about 0.3 s of pauses
 * @see https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
 * @example
 * ```ts
 * import { DatabasePool, mapDatabaseError, poolConfig, retryConflicts, TransactionConflictError } from "@libs/postgres";
 *
 * const pool = new DatabasePool(poolConfig(process.env.DATABASE_URL ?? "", {}));
 * const isConflict = (error: unknown) => mapDatabaseError(error) instanceof TransactionConflictError;
 * await retryConflicts(async () => {
 *   const client = await pool.connect();
 *   try {
 *     await client.query("BEGIN");
 *     await client.query("UPDATE carts SET status = 'abandoned' WHERE updated_at < now() - interval '30 days'");
 *     await client.query("COMMIT");
 *   } catch (error) {
 *     await client.query("ROLLBACK");
 *     throw error;
 *   } finally {
 *     client.release();
 *   }
 * }, isConflict);
 * ```
 * @throws the last error of `work`
 */
export async function retryConflicts<T>(work: () => Promise<T>, isConflict: (error: unknown) => boolean): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      if (tried === MOST_TRIES || !isConflict(error)) throw error;
      // Random, so that the same two do not meet again.
      await sleep(withJitter(backOffMs(tried - 1, PAUSES), 0.5, 1.5));
    }
  }
}
