import { throwMapped } from "@libs/postgres";
import type { NoticeKind } from "../ports/feed-repository.ts";
import type { DatedUser, IdleSession, ReconcileRepository, UserCounts } from "../ports/reconcile-repository.ts";
import type { PrismaClient } from "./client.ts";

/** `user_count_changes`, `users` and `sessions` in PostgreSQL. */
export class PrismaReconcileRepository implements ReconcileRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async countUsers(): Promise<UserCounts> {
    const rows = await this.prisma.$queryRaw<UserCounts[]>`
      SELECT coalesce(sum(live), 0)::int AS live, coalesce(sum(enabled), 0)::int AS enabled,
        coalesce(sum(email_verified), 0)::int AS "emailVerified"
      FROM user_count_changes`.catch(throwMapped);
    return rows[0] as UserCounts;
  }

  async foldCounts(limit: number): Promise<number> {
    const rows = await this.prisma.$queryRaw<{ taken: number }[]>`
      WITH oldest AS MATERIALIZED (
        SELECT id FROM user_count_changes WHERE EXISTS (SELECT FROM user_count_changes OFFSET 1)
        ORDER BY id LIMIT ${limit} FOR UPDATE SKIP LOCKED
      ), folded AS (
        DELETE FROM user_count_changes WHERE id IN (SELECT id FROM oldest) RETURNING live, enabled, email_verified
      ), kept AS (
        INSERT INTO user_count_changes (live, enabled, email_verified)
        SELECT sum(live), sum(enabled), sum(email_verified) FROM folded HAVING count(*) > 0
      )
      SELECT count(*)::int AS taken FROM folded`.catch(throwMapped);
    return rows[0]?.taken ?? 0;
  }

  async nextBoundary(after: Date, users: number): Promise<Date | null> {
    const rows = await this.prisma.$queryRaw<{ at: Date }[]>`
      SELECT keycloak_created_at AS at FROM users
      WHERE keycloak_created_at IS NOT NULL AND deleted_at IS NULL AND keycloak_created_at > ${after}
      ORDER BY keycloak_created_at, id OFFSET ${users - 1} LIMIT 1`.catch(throwMapped);
    return rows[0]?.at ?? null;
  }

  async listCreatedBetween(from: Date, to: Date, after: DatedUser | null, limit: number): Promise<DatedUser[]> {
    return await this.prisma.$queryRaw<DatedUser[]>`
      SELECT id, keycloak_created_at AS "createdAt" FROM users
      WHERE keycloak_created_at IS NOT NULL AND deleted_at IS NULL
        AND (keycloak_created_at, id) > (${after?.createdAt ?? from}::timestamptz, ${after?.id ?? ""})
        AND keycloak_created_at <= ${to}
      ORDER BY keycloak_created_at, id LIMIT ${limit}`.catch(throwMapped);
  }

  async countCreatedBetween(from: Date, to: Date): Promise<UserCounts> {
    const rows = await this.prisma.$queryRaw<UserCounts[]>`
      SELECT count(*)::int AS live, (count(*) FILTER (WHERE enabled))::int AS enabled,
        (count(*) FILTER (WHERE email_verified))::int AS "emailVerified"
      FROM users WHERE keycloak_created_at IS NOT NULL AND deleted_at IS NULL
        AND keycloak_created_at BETWEEN ${from} AND ${to}`.catch(throwMapped);
    return rows[0] as UserCounts;
  }

  async recordCreatedTimes(users: readonly DatedUser[]): Promise<void> {
    if (users.length === 0) return;
    // Other writers lock several users too: none waits for another here.
    await this.prisma.$executeRaw`
      WITH read AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(${JSON.stringify(users)}::jsonb) AS read (id text, "createdAt" timestamptz)
      ), outdated AS MATERIALIZED (
        SELECT id FROM users JOIN read USING (id) WHERE keycloak_created_at IS DISTINCT FROM read."createdAt"
        FOR NO KEY UPDATE OF users SKIP LOCKED
      )
      UPDATE users SET keycloak_created_at = read."createdAt"
      FROM read JOIN outdated USING (id) WHERE users.id = read.id`.catch(throwMapped);
  }

  async listUndated(after: string, users: number): Promise<{ ids: string[]; last: string | null }> {
    const rows = await this.prisma.$queryRaw<{ ids: string[]; last: string | null }[]>`
      WITH page AS MATERIALIZED (
        SELECT id, keycloak_created_at IS NULL AND deleted_at IS NULL AS undated FROM users WHERE id > ${after}
        ORDER BY id LIMIT ${users}
      )
      SELECT coalesce(array_agg(id ORDER BY id) FILTER (WHERE undated), ARRAY[]::text[]) AS ids, max(id) AS last
      FROM page`.catch(throwMapped);
    return rows[0] as { ids: string[]; last: string | null };
  }

  async listIdleSessions(
    after: string,
    provenSince: Date,
    users: number,
  ): Promise<{ sessions: IdleSession[]; last: string | null }> {
    const rows = await this.prisma.$queryRaw<(IdleSession & { idle: boolean })[]>`
      WITH next AS MATERIALIZED (
        SELECT DISTINCT user_id FROM sessions WHERE ended_at IS NULL AND user_id > ${after}
        ORDER BY user_id LIMIT ${users}
      ), live AS (
        SELECT session_id AS "sessionId", user_id AS "userId", keycloak_session_id AS "keycloakSessionId",
          refresh_expires_at AS "refreshExpiresAt", started_at AS "startedAt", offline,
          kept_as_of AS "keptAsOf",
          users.enabled AND users.deleted_at IS NULL AS "userMayLogIn",
          greatest(started_at, refreshed_at) < ${provenSince} AS idle
        FROM next JOIN sessions USING (user_id) JOIN users ON users.id = user_id WHERE ended_at IS NULL
      )
      SELECT * FROM live WHERE idle OR NOT "userMayLogIn"
        OR "userId" = (SELECT max(user_id) FROM next)
      ORDER BY "userId", "sessionId"`.catch(throwMapped);
    const sessions = rows.filter(({ idle, userMayLogIn }) => idle || !userMayLogIn).map(({ idle: _, ...row }) => row);
    return { sessions, last: rows.at(-1)?.userId ?? null };
  }

  async countUpTo(id: string, ids: readonly string[]): Promise<number> {
    const rows = await this.prisma.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM unnest(${[...ids]}::text[]) AS other (id) WHERE other.id <= ${id}`.catch(
      throwMapped,
    );
    return rows[0]?.count ?? 0;
  }

  async findDeadLetters(kind: NoticeKind, subjects: readonly string[]): Promise<string[]> {
    const rows = await this.prisma.$queryRaw<{ subject: string }[]>`
      SELECT subject FROM change_notices
      WHERE kind = ${kind} AND subject = ANY(${[...subjects]}::text[]) AND dead_at IS NOT NULL`.catch(throwMapped);
    return rows.map(({ subject }) => subject);
  }
}
