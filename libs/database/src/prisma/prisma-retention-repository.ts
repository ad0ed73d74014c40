import { throwMapped } from "@libs/postgres";
import type { RetentionRepository } from "../ports/retention-repository.ts";
import type { PrismaClient } from "./client.ts";

/** Deletes by batches that skip rows which another replica is deleting. */
export class PrismaRetentionRepository implements RetentionRepository {
  constructor(private readonly prisma: PrismaClient) {}

  deleteFinishedRegistrations(before: Date, limit: number): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM registrations WHERE id IN (
        SELECT id FROM registrations WHERE state IN ('completed', 'failed', 'undone') AND updated_at < ${before}
          AND next_attempt_at IS NULL AND parked_at IS NULL
        ORDER BY updated_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)`.catch(throwMapped);
  }

  deleteEndedSessions(before: Date, limit: number): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM sessions WHERE session_id IN (
        SELECT session_id FROM sessions WHERE ended_at IS NOT NULL AND ended_at < ${before}
        ORDER BY ended_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)`.catch(throwMapped);
  }

  deleteExpiredIdempotencyKeys(now: Date, limit: number): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM idempotency_keys WHERE (scope, key) IN (
        SELECT scope, key FROM idempotency_keys WHERE expires_at < ${now}
        ORDER BY expires_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)`.catch(throwMapped);
  }

  deleteExpiredRateLimits(now: Date, limit: number): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM rate_limits WHERE key IN (
        SELECT key FROM rate_limits WHERE expire < ${now.getTime()}
        ORDER BY expire LIMIT ${limit} FOR UPDATE SKIP LOCKED)`.catch(throwMapped);
  }

  deleteExpiredLoginLocks(limit: number): Promise<number> {
    // In no order: what is left there by successes is nothing, so most rows are due, and an index would cost each login.
    return this.prisma.$executeRaw`
      DELETE FROM login_locks WHERE key IN (
        SELECT key FROM login_locks WHERE until <= clock_timestamp()
        LIMIT ${limit} FOR UPDATE SKIP LOCKED)`.catch(throwMapped);
  }

  deleteOldActivities(before: Date, limit: number): Promise<number> {
    // Rows come in the order of their time, but for clocks that differ: the old ones have the lowest numbers, and no index
    // by time has to be kept for the sake of this one statement.
    return this.prisma.$executeRaw`
      DELETE FROM activity_logs WHERE id IN (
        SELECT id FROM activity_logs
        WHERE id < (SELECT min(id) FROM activity_logs) + ${10 * limit + 10_000}::int AND at < ${before}
        ORDER BY id LIMIT ${limit} FOR UPDATE SKIP LOCKED)`.catch(throwMapped);
  }
}
