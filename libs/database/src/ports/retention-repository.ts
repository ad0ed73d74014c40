/**
 * PORT: removes what is no longer needed, in batches. Each method returns how many rows it removed, `limit` at most.
 * @example
 * ```ts
 * import type { RetentionRepository } from "@libs/database";
 *
 * export async function prune(retention: RetentionRepository, now: Date): Promise<void> {
 *   const before = new Date(now.getTime() - 90 * 86_400_000);
 *   while ((await retention.deleteEndedSessions(before, 1000)) > 0);
 * }
 * ```
 */
export interface RetentionRepository {
  /** Completed, failed and undone registrations that nobody checks any more, unchanged since `before`. */
  deleteFinishedRegistrations(before: Date, limit: number): Promise<number>;
  /** The hashes of spent tokens of sessions that ended before `before`, then the sessions themselves; both are counted. */
  deleteEndedSessions(before: Date, limit: number): Promise<number>;
  deleteExpiredIdempotencyKeys(now: Date, limit: number): Promise<number>;
  /** Counts whose window has ended; one without an end stays. */
  deleteExpiredRateLimits(now: Date, limit: number): Promise<number>;
  /** Login locks that anybody may take, by the database's own clock, as they are taken. */
  deleteExpiredLoginLocks(limit: number): Promise<number>;
  /** Rows of the activity log from before `before`. */
  deleteOldActivities(before: Date, limit: number): Promise<number>;
}
