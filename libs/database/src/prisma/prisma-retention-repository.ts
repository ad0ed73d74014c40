import { throwMapped } from "@libs/postgres";
import type { RetentionRepository } from "../ports/retention-repository.ts";
import type { PrismaClient } from "./client.ts";

/**
 * Deletes by batches that skip rows which another replica is deleting. As arrays, not as sub-selects: the planner takes a
 * limit that it does not know for a tenth of the table, and would read all of it to join a batch.
 */
export class PrismaRetentionRepository implements RetentionRepository {
  constructor(private readonly prisma: PrismaClient) {}

  deleteFinishedRegistrations(before: Date, limit: number): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM registrations WHERE id = ANY(ARRAY(
        SELECT id FROM registrations WHERE state IN ('completed', 'failed', 'undone') AND updated_at < ${before}
          AND next_attempt_at IS NULL AND parked_at IS NULL
        ORDER BY updated_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))`.catch(throwMapped);
  }

  async deleteEndedSessions(before: Date, limit: number): Promise<number> {
    // A session's hashes may be more than one statement can delete: they go first, and are counted too.
    const hashes = await this.prisma.$executeRaw`
      DELETE FROM spent_refresh_tokens WHERE ctid = ANY(ARRAY(
        SELECT spent.ctid FROM (
          SELECT session_id FROM sessions WHERE ended_at IS NOT NULL AND ended_at < ${before}
          ORDER BY ended_at LIMIT ${limit}) AS old
        CROSS JOIN LATERAL (
          SELECT ctid FROM spent_refresh_tokens WHERE session_id = old.session_id LIMIT ${limit}) AS spent
        LIMIT ${limit}))`.catch(throwMapped);
    if (hashes >= limit) return hashes;
    const sessions = await this.prisma.$executeRaw`
      DELETE FROM sessions WHERE session_id = ANY(ARRAY(
        SELECT session_id FROM (
          SELECT session_id FROM sessions WHERE ended_at IS NOT NULL AND ended_at < ${before}
          ORDER BY ended_at LIMIT ${limit - hashes} FOR UPDATE SKIP LOCKED) AS old
        WHERE NOT EXISTS (
          SELECT FROM spent_refresh_tokens AS spent WHERE spent.session_id = old.session_id OFFSET 0)))`.catch(
      throwMapped,
    );
    return hashes + sessions;
  }

  deleteExpiredIdempotencyKeys(now: Date, limit: number): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM idempotency_keys WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM idempotency_keys WHERE expires_at < ${now}
        ORDER BY expires_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))`.catch(throwMapped);
  }

  deleteExpiredRateLimits(now: Date, limit: number): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM rate_limits WHERE key = ANY(ARRAY(
        SELECT key FROM rate_limits WHERE expire < ${now.getTime()}
        ORDER BY expire LIMIT ${limit} FOR UPDATE SKIP LOCKED))`.catch(throwMapped);
  }

  deleteExpiredLoginLocks(limit: number): Promise<number> {
    // In no order: what is left there by successes is nothing, so most rows are due, and an index would cost each login.
    return this.prisma.$executeRaw`
      DELETE FROM login_locks WHERE key = ANY(ARRAY(
        SELECT key FROM login_locks WHERE until <= clock_timestamp()
        LIMIT ${limit} FOR UPDATE SKIP LOCKED))`.catch(throwMapped);
  }

  deleteOldActivities(before: Date, limit: number): Promise<number> {
    // Rows come in the order of their time, but for clocks that differ: the old ones have the lowest numbers, and no index
    // by time has to be kept for the sake of this one statement.
    return this.prisma.$executeRaw`
      DELETE FROM activity_logs WHERE id = ANY(ARRAY(
        SELECT id FROM activity_logs
        WHERE id < (SELECT min(id) FROM activity_logs) + ${10 * limit + 10_000}::int AND at < ${before}
        ORDER BY id LIMIT ${limit} FOR UPDATE SKIP LOCKED))`.catch(throwMapped);
  }
}
