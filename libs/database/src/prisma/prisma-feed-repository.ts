import { throwMapped } from "@libs/postgres";
import { Prisma } from "../generated/client.ts";
import { COUNTED_AT_MOST } from "../ports/counted-at-most.ts";
import type {
  ChangeNotice,
  ClaimedNotice,
  EventBatch,
  FeedBacklog,
  FeedRepository,
  NewNotice,
  NoticeSource,
} from "../ports/feed-repository.ts";
import type { PrismaClient } from "./client.ts";
import { NOTICE_COLUMNS } from "./columns.ts";
import { noticeTable, recordNotices } from "./record-notices.ts";
import { toStored } from "./stored-full-reconciliation.ts";

/** A statement of so many stays far below the longest time of one. */
const USERS_AT_ONCE = 5_000;

/** `change_notices`, `feed_seen_events` and `sync_cursors` in PostgreSQL. */
export class PrismaFeedRepository implements FeedRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async addNotices(notices: readonly NewNotice[], now: Date): Promise<void> {
    if (notices.length === 0) return;
    const added = notices.map((notice) => ({ event: null, notice }));
    await this.prisma.$executeRaw`${recordNotices(noticeTable(added, now), now)}`.catch(throwMapped);
  }

  async storeEvents({ source, events, position, lease }: EventBatch, now: Date): Promise<string[] | null> {
    const added = events.flatMap(({ id, notices }) => notices.map((notice) => ({ event: id, notice })));
    // Locked until the end: who takes the lease meanwhile waits, and then reads a position that is complete.
    const held = lease
      ? Prisma.sql`SELECT 1 FROM leases WHERE name = ${lease.name} AND fence = ${lease.fence} FOR SHARE`
      : Prisma.sql`SELECT 1`;
    const rows = await this.prisma.$queryRaw<{ held: boolean; unseen: string[] }[]>`
      WITH held AS MATERIALIZED (${held}),
      unseen AS (
        INSERT INTO feed_seen_events (source, event_id, seen_at)
        SELECT DISTINCT ${source}::text, event.id, ${now}::timestamptz
        FROM jsonb_array_elements_text(${JSON.stringify(events.map(({ id }) => id))}::jsonb) AS event (id), held
        ORDER BY event.id
        ON CONFLICT DO NOTHING RETURNING event_id
      ), recorded AS (
        ${recordNotices(Prisma.sql`${noticeTable(added, now)} JOIN unseen ON unseen.event_id = added.event`, now)}
      ), moved AS (
        INSERT INTO sync_cursors AS cursor (source, position, updated_at)
        SELECT ${source}::text, ${JSON.stringify(position ?? null)}::jsonb, ${now}::timestamptz FROM held
        WHERE ${position !== undefined}::boolean
        ON CONFLICT (source) DO UPDATE SET position = excluded.position, updated_at = excluded.updated_at
      )
      SELECT EXISTS (SELECT FROM held) AS held, ARRAY(SELECT event_id FROM unseen) AS unseen`.catch(throwMapped);
    return rows[0]?.held ? rows[0].unseen : null;
  }

  async readPosition(source: string): Promise<{ position: unknown; updatedAt: Date } | null> {
    const select = { position: true, updatedAt: true };
    return await this.prisma.syncCursor.findUnique({ where: { source }, select }).catch(throwMapped);
  }

  async claimDue(now: Date, claimedUntil: Date, limit: number): Promise<ChangeNotice[]> {
    const claimed = await this.prisma.$queryRaw<(ChangeNotice & { place: number })[]>`
      WITH due AS MATERIALIZED (
        SELECT id AS due_id FROM change_notices WHERE next_attempt_at <= ${now} AND dead_at IS NULL
        ORDER BY (source = 'full_look'), next_attempt_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
      )
      UPDATE change_notices SET next_attempt_at = ${claimedUntil} WHERE id = ANY(ARRAY(SELECT due_id FROM due))
      RETURNING ${NOTICE_COLUMNS}, array_position(ARRAY(SELECT due_id FROM due), id) AS place`.catch(throwMapped);
    return claimed.sort((a, b) => a.place - b.place).map(({ place: _, ...notice }) => notice);
  }

  async complete(notices: readonly ClaimedNotice[], now: Date): Promise<void> {
    if (notices.length === 0) return;
    // What was recorded meanwhile is due already, and has not waited for longer than this pass took.
    await this.prisma.$executeRaw`
      WITH mine AS MATERIALIZED (${lockClaimed(notices)}),
      handled AS (DELETE FROM change_notices WHERE id IN (SELECT mine_id FROM mine WHERE same))
      UPDATE change_notices SET created_at = ${now} FROM mine WHERE id = mine_id AND NOT same`.catch(throwMapped);
  }

  async scheduleSecondPass(notices: readonly ClaimedNotice[], at: Date): Promise<void> {
    if (notices.length === 0) return;
    await this.prisma.$executeRaw`
      WITH mine AS MATERIALIZED (${lockClaimed(notices)})
      UPDATE change_notices SET passes = passes + 1, attempts = 0, last_error = NULL, next_attempt_at = ${at}
      FROM mine WHERE id = mine_id AND same`.catch(throwMapped);
  }

  async postpone(notices: readonly ClaimedNotice[], error: string, at: Date, countAttempt: boolean): Promise<void> {
    if (notices.length === 0) return;
    await this.prisma.$executeRaw`
      WITH mine AS MATERIALIZED (${lockClaimed(notices)})
      UPDATE change_notices SET attempts = attempts + ${countAttempt ? 1 : 0}::int, last_error = ${error},
        next_attempt_at = ${at}
      FROM mine WHERE id = mine_id AND same`.catch(throwMapped);
  }

  async moveToDeadLetters({ id, version }: ClaimedNotice, error: string, now: Date): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE change_notices SET attempts = attempts + 1, last_error = ${error}, dead_at = ${now}
      WHERE id = ${id} AND version = ${version} AND dead_at IS NULL`.catch(throwMapped);
  }

  async listDead({ limit = 100, after = 0n }: { limit?: number; after?: bigint } = {}): Promise<ChangeNotice[]> {
    return await this.prisma.$queryRaw<ChangeNotice[]>`
      SELECT ${NOTICE_COLUMNS} FROM change_notices WHERE dead_at IS NOT NULL AND id > ${after} ORDER BY id LIMIT ${limit}`.catch(
      throwMapped,
    );
  }

  async replay(now: Date, ids?: readonly bigint[]): Promise<number> {
    const chosen = ids
      ? Prisma.sql`AND id IN (SELECT jsonb_array_elements_text(${JSON.stringify(ids.map(String))}::jsonb)::bigint)`
      : Prisma.empty;
    return await this.prisma.$executeRaw`
      WITH chosen AS MATERIALIZED (
        SELECT id AS chosen_id FROM change_notices
        WHERE dead_at IS NOT NULL ${chosen}
        ORDER BY kind, subject FOR UPDATE
      )
      UPDATE change_notices SET dead_at = NULL, attempts = 0, passes = 0, next_attempt_at = ${now}
      FROM chosen WHERE id = chosen_id AND dead_at IS NOT NULL`.catch(throwMapped);
  }

  async backlog(): Promise<FeedBacklog> {
    // Each part by its index, and no further than the limit: after a full reconciliation each user has a row.
    const rows = await this.prisma.$queryRaw<FeedBacklog[]>`
      SELECT (SELECT count(*)::int FROM (
          SELECT FROM change_notices WHERE dead_at IS NULL
          ORDER BY (source = 'full_look'), next_attempt_at LIMIT ${COUNTED_AT_MOST}) AS due) AS waiting,
        (SELECT count(*)::int FROM (
          SELECT FROM change_notices WHERE dead_at IS NOT NULL ORDER BY id LIMIT ${COUNTED_AT_MOST}) AS letters) AS dead,
        (SELECT least(changed_at, created_at) FROM change_notices WHERE dead_at IS NULL AND passes = 0
          ORDER BY least(changed_at, created_at) LIMIT 1) AS "oldestChangedAt"`.catch(throwMapped);
    return rows[0] as FeedBacklog;
  }

  async countPostponed(errors: readonly string[]): Promise<number> {
    const rows = await this.prisma.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM (
        SELECT FROM change_notices WHERE dead_at IS NULL AND last_error = ANY(${[...errors]}::text[])
        LIMIT ${COUNTED_AT_MOST}) AS postponed`.catch(throwMapped);
    return rows[0]?.count ?? 0;
  }

  async addNoticesForAllUsers(source: NoticeSource, now: Date, only?: "sessions"): Promise<number> {
    let total = 0;
    let after: string | null = "";
    while (after !== null) {
      const { count, last } = await this.#addNoticesAfter(after, source, now, only);
      total += count;
      after = count < USERS_AT_ONCE ? null : last;
    }
    return total;
  }

  async pruneSeenEvents(before: Date, limit: number): Promise<number> {
    return await this.prisma.$executeRaw`
      DELETE FROM feed_seen_events WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM feed_seen_events WHERE seen_at < ${before}
        ORDER BY seen_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))`.catch(throwMapped);
  }

  async #addNoticesAfter(
    after: string,
    source: NoticeSource,
    now: Date,
    only?: "sessions",
  ): Promise<{ count: number; last: string | null }> {
    const rows = await this.prisma.$queryRaw<{ count: number; last: string | null }[]>`
      WITH page AS MATERIALIZED (
        SELECT id FROM users WHERE deleted_at IS NULL AND id > ${after} ORDER BY id LIMIT ${USERS_AT_ONCE}
      ), added AS (
        SELECT 0 AS n, kind, id AS subject, ${toStored(source)}::text AS source, NULL::timestamptz AS changed_at,
          NULL::text AS keep_session, ${now}::timestamptz AS due_at
        FROM page CROSS JOIN (VALUES ('user'), ('sessions')) AS kinds (kind)
        WHERE kind = 'user' AND ${only === undefined}::boolean
          OR kind = 'sessions' AND EXISTS (SELECT FROM sessions WHERE user_id = page.id AND ended_at IS NULL)
      ), recorded AS (${recordNotices(Prisma.sql`added`, now)})
      SELECT count(*)::int AS count, max(id) AS last FROM page`.catch(throwMapped);
    return rows[0] as { count: number; last: string | null };
  }
}

/** Locks notices that were claimed; `same` unless recorded again since. */
function lockClaimed(notices: readonly ClaimedNotice[]): Prisma.Sql {
  const rows = notices.map(({ id, version }) => ({ id: String(id), version: String(version) }));
  return Prisma.sql`
        SELECT notice.id AS mine_id, notice.version = claimed.version AS same
        FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS claimed (id bigint, version bigint)
          JOIN change_notices notice ON notice.id = claimed.id
        WHERE notice.dead_at IS NULL ORDER BY notice.kind, notice.subject FOR UPDATE OF notice
      `;
}
