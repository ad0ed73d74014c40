import { throwMapped } from "@libs/postgres";
import type { Prisma, SyncRun as Row } from "../generated/client.ts";
import type { ScanFailure, ScanPage, ScanRepository, ScanRun, SessionOfUser } from "../ports/scan-repository.ts";
import type { PrismaClient } from "./client.ts";

/** Statements of so many stay far below the longest time of one. */
const FORGOTTEN_AT_ONCE = 20_000;
const COUNTED_AT_ONCE = 10_000;

interface SignedInPage {
  users: number;
  last: string | null;
}

interface UnseenPage {
  live: number;
  unseen: number;
  last: string | null;
}

/** The id of no run: ours are of version 7. */
const NO_RUN = "00000000-0000-0000-0000-000000000000";

/** `sync_runs` of kind `sync`, `sync_failures` and `scan_seen` in PostgreSQL. */
export class PrismaScanRepository implements ScanRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async begin(position: unknown, counts: unknown, now: Date): Promise<ScanRun> {
    const data = { kind: "sync", position: json(position), counts: json(counts), startedAt: now, updatedAt: now };
    return toRun(await this.prisma.syncRun.create({ data }).catch(throwMapped));
  }

  async findUnfinished(): Promise<ScanRun | null> {
    const row = await this.prisma.syncRun
      .findFirst({ where: { kind: "sync" }, orderBy: [{ startedAt: "desc" }, { id: "desc" }] })
      .catch(throwMapped);
    return row && row.state !== "finished" ? toRun(row) : null;
  }

  async resume(runId: string, now: Date): Promise<void> {
    const data = { state: "running", lastError: null, finishedAt: null, updatedAt: now };
    await this.prisma.syncRun.updateMany({ where: { id: runId }, data }).catch(throwMapped);
  }

  async finishPage({ runId, seen, position, counts, now, lease }: ScanPage): Promise<boolean> {
    // Locked until the end: who takes the lease meanwhile waits, and then reads a position that is complete.
    const rows = await this.prisma.$queryRaw<unknown[]>`
      WITH held AS MATERIALIZED (
        SELECT 1 FROM leases WHERE name = ${lease.name} AND fence = ${lease.fence} FOR SHARE
      ), marked AS (
        INSERT INTO scan_seen (run_id, user_id) SELECT ${runId}::uuid, id FROM unnest(${seen}::text[]) AS page (id), held
        ON CONFLICT DO NOTHING
      )
      UPDATE sync_runs SET position = ${JSON.stringify(position)}::jsonb, counts = ${JSON.stringify(counts)}::jsonb,
        updated_at = ${now}
      FROM held WHERE id = ${runId}::uuid RETURNING id`.catch(throwMapped);
    return rows.length > 0;
  }

  async end(runId: string, state: "finished" | "failed" | "cancelled", error: string | null, now: Date): Promise<void> {
    const data = { state, lastError: error, finishedAt: now, updatedAt: now };
    await this.prisma.syncRun.updateMany({ where: { id: runId }, data }).catch(throwMapped);
  }

  async recordFailures(runId: string, failures: readonly ScanFailure[], now: Date): Promise<void> {
    if (failures.length === 0) return;
    await this.prisma.$executeRaw`
      WITH failed AS (
        SELECT user_id, min(error) AS error
        FROM jsonb_to_recordset(${JSON.stringify(failures)}::jsonb) AS failure ("userId" text, error text),
          LATERAL (SELECT "userId" AS user_id) AS renamed
        GROUP BY user_id
      ), again AS (
        UPDATE sync_failures AS known SET attempts = attempts + 1, error = failed.error, failed_at = ${now},
          resolved_at = NULL
        FROM failed WHERE known.run_id = ${runId}::uuid AND known.user_id = failed.user_id RETURNING known.user_id
      )
      INSERT INTO sync_failures (run_id, user_id, error, failed_at)
      SELECT ${runId}::uuid, user_id, error, ${now} FROM failed
      WHERE user_id NOT IN (SELECT user_id FROM again)`.catch(throwMapped);
  }

  async listFailures(runId: string, after: string, limit: number): Promise<ScanFailure[]> {
    return await this.prisma.syncFailure
      .findMany({
        where: { runId, userId: { gt: after } },
        orderBy: { userId: "asc" },
        take: limit,
        select: { userId: true, error: true },
      })
      .catch(throwMapped);
  }

  async resolveFailuresBefore(runId: string, now: Date): Promise<void> {
    await this.prisma.syncFailure
      .updateMany({ where: { runId: { not: runId }, resolvedAt: null }, data: { resolvedAt: now } })
      .catch(throwMapped);
  }

  async markSeen(runId: string, ids: readonly string[]): Promise<void> {
    await this.prisma.$executeRaw`
      INSERT INTO scan_seen (run_id, user_id) SELECT ${runId}::uuid, id FROM unnest(${ids}::text[]) AS page (id)
      ON CONFLICT DO NOTHING`.catch(throwMapped);
  }

  async countUnseen(runId: string): Promise<{ unseen: number; live: number }> {
    const total = { unseen: 0, live: 0 };
    for (let after: string | null = ""; after !== null; ) {
      const page: UnseenPage = await this.#countUnseenAfter(runId, after);
      total.live += page.live;
      total.unseen += page.unseen;
      after = page.last;
    }
    return total;
  }

  async #countUnseenAfter(runId: string, after: string): Promise<UnseenPage> {
    const rows = await this.prisma.$queryRaw<UnseenPage[]>`
      WITH page AS MATERIALIZED (
        SELECT id, deleted_at IS NULL AS live FROM users WHERE id > ${after} ORDER BY id LIMIT ${COUNTED_AT_ONCE}
      )
      SELECT (count(*) FILTER (WHERE live))::int AS live,
        (count(*) FILTER (WHERE live AND NOT EXISTS (
          SELECT FROM scan_seen WHERE run_id = ${runId}::uuid AND user_id = page.id)))::int AS unseen,
        max(id) AS last
      FROM page`.catch(throwMapped);
    return rows[0] as UnseenPage;
  }

  async listUnseen(runId: string, after: string, limit: number): Promise<{ id: string; username: string }[]> {
    return await this.prisma.$queryRaw<{ id: string; username: string }[]>`
      SELECT id, username FROM users
      WHERE id > ${after} AND deleted_at IS NULL
        AND NOT EXISTS (SELECT FROM scan_seen WHERE run_id = ${runId}::uuid AND user_id = users.id)
      ORDER BY id LIMIT ${limit}`.catch(throwMapped);
  }

  async forgetSeen(except: string | null): Promise<void> {
    // Not TRUNCATE: the gateway's account may delete rows and no more. Below and above, so that both read the index.
    const kept = except ?? NO_RUN;
    const forgetSome = () =>
      this.prisma.$executeRaw`
        DELETE FROM scan_seen WHERE ctid = ANY(ARRAY(
          (SELECT ctid FROM scan_seen WHERE run_id < ${kept}::uuid ORDER BY run_id, user_id LIMIT ${FORGOTTEN_AT_ONCE})
          UNION ALL
          (SELECT ctid FROM scan_seen WHERE run_id > ${kept}::uuid ORDER BY run_id, user_id LIMIT ${FORGOTTEN_AT_ONCE})
        ))`.catch(throwMapped);
    while ((await forgetSome()) > 0);
  }

  async forgetSeenBy(runId: string): Promise<void> {
    const forgetSome = () =>
      this.prisma.$executeRaw`
        DELETE FROM scan_seen WHERE ctid = ANY(ARRAY(
          SELECT ctid FROM scan_seen WHERE run_id = ${runId}::uuid ORDER BY user_id LIMIT ${FORGOTTEN_AT_ONCE}))`.catch(
        throwMapped,
      );
    while ((await forgetSome()) > 0);
  }

  async findSignedIn(ids: readonly string[]): Promise<string[]> {
    const rows = await this.prisma.$queryRaw<{ id: string }[]>`
      SELECT DISTINCT user_id AS id FROM sessions WHERE ended_at IS NULL AND user_id = ANY(${ids}::text[])`.catch(
      throwMapped,
    );
    return rows.map(({ id }) => id);
  }

  async countSignedIn(): Promise<number> {
    let users = 0;
    for (let after: string | null = ""; after !== null; ) {
      const rows: SignedInPage[] = await this.prisma.$queryRaw<SignedInPage[]>`
        SELECT count(*)::int AS users, max(user_id) AS last FROM (
          SELECT DISTINCT user_id FROM sessions WHERE ended_at IS NULL AND user_id > ${after}
          ORDER BY user_id LIMIT ${COUNTED_AT_ONCE}) AS page`.catch(throwMapped);
      users += rows[0]?.users ?? 0;
      after = rows[0]?.last ?? null;
    }
    return users;
  }

  async listLiveSessions(after: string, users: number): Promise<SessionOfUser[]> {
    return await this.prisma.$queryRaw<SessionOfUser[]>`
      WITH next AS MATERIALIZED (
        SELECT DISTINCT user_id FROM sessions WHERE ended_at IS NULL AND user_id > ${after}
        ORDER BY user_id LIMIT ${users}
      )
      SELECT session_id AS "sessionId", user_id AS "userId", keycloak_session_id AS "keycloakSessionId",
        refresh_expires_at AS "refreshExpiresAt", started_at AS "startedAt", offline, kept_as_of AS "keptAsOf", username
      FROM next JOIN sessions USING (user_id) JOIN users ON users.id = user_id
      WHERE ended_at IS NULL ORDER BY user_id, session_id`.catch(throwMapped);
  }
}

const json = (value: unknown) => value as Prisma.InputJsonValue;

function toRun({ id, state, position, counts, startedAt, updatedAt }: Row): ScanRun {
  return { id, state: state as ScanRun["state"], position, counts, startedAt, updatedAt };
}
