/** PORT: removes what is no longer needed, in batches. Each method returns how many rows it removed, `limit` at most. */
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
