import type { RetentionRepository } from "../ports/retention-repository.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

const finished: string[] = ["completed", "failed", "undone"];

/** Passes the contract of the real one. */
export class InMemoryRetentionRepository implements RetentionRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async deleteFinishedRegistrations(before: Date, limit: number): Promise<number> {
    return remove(this.database.registrations, limit, ({ state, updatedAt, nextAttemptAt, parkedAt }) => {
      return finished.includes(state) && updatedAt < before && nextAttemptAt === null && parkedAt === null;
    });
  }

  async deleteEndedSessions(before: Date, limit: number): Promise<number> {
    const { sessions, spentTokens } = this.database;
    const old = [...sessions.values()].filter(({ endedAt }) => endedAt !== null && endedAt < before);
    let left = limit;
    for (const { sessionId } of old) {
      const spent = spentTokens.get(sessionId) ?? new Map<string, Date>();
      const hashes = [...spent.keys()].slice(0, left);
      for (const hash of hashes) spent.delete(hash);
      left -= hashes.length;
    }
    const emptied = old.filter(({ sessionId }) => !spentTokens.get(sessionId)?.size).slice(0, left);
    for (const { sessionId } of emptied) sessions.delete(sessionId);
    return limit - left + emptied.length;
  }

  async deleteExpiredIdempotencyKeys(now: Date, limit: number): Promise<number> {
    return remove(this.database.idempotencyKeys, limit, ({ expiresAt }) => expiresAt < now);
  }

  async deleteExpiredRateLimits(now: Date, limit: number): Promise<number> {
    return remove(this.database.rateLimits, limit, (expire) => expire !== null && expire < now);
  }

  async deleteExpiredLoginLocks(limit: number): Promise<number> {
    return remove(this.database.loginLocks, limit, (until) => until <= this.database.clock());
  }

  async deleteOldActivities(before: Date, limit: number): Promise<number> {
    const { activities } = this.database;
    const old = new Set(activities.filter(({ at }) => at < before).slice(0, limit));
    activities.splice(0, activities.length, ...activities.filter((activity) => !old.has(activity)));
    return old.size;
  }
}

function remove<T>(rows: Map<string, T>, limit: number, matches: (row: T) => boolean): number {
  const ids = [...rows].filter(([, row]) => matches(row)).map(([id]) => id);
  for (const id of ids.slice(0, limit)) rows.delete(id);
  return Math.min(ids.length, limit);
}
