import { throwMapped } from "@libs/postgres";
import { Prisma } from "../generated/client.ts";
import type {
  ClaimedHint,
  EventBatch,
  FeedBacklog,
  FeedRepository,
  Hint,
  HintSource,
  NewHint,
} from "../ports/feed-repository.ts";
import type { PrismaClient } from "./client.ts";
import { HINT_COLUMNS } from "./columns.ts";
import { hintTable, tellHints } from "./tell-hints.ts";

/** A statement of so many stays far below the longest time of one. */
const USERS_AT_ONCE = 5_000;

/** `feed_hints`, `feed_seen_events` and `sync_cursors` in PostgreSQL. */
export class PrismaFeedRepository implements FeedRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async addHints(hints: readonly NewHint[], now: Date): Promise<void> {
    if (hints.length === 0) return;
    const told = hints.map((hint) => ({ event: null, hint }));
    await this.prisma.$executeRaw`${tellHints(hintTable(told, now), now)}`.catch(throwMapped);
  }

  async storeEvents({ source, events, position, lease }: EventBatch, now: Date): Promise<string[] | null> {
    const told = events.flatMap(({ id, hints }) => hints.map((hint) => ({ event: id, hint })));
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
      ), hinted AS (
        ${tellHints(Prisma.sql`${hintTable(told, now)} JOIN unseen ON unseen.event_id = told.event`, now)}
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

  async claimDue(now: Date, claimedUntil: Date, limit: number): Promise<Hint[]> {
    const claimed = await this.prisma.$queryRaw<(Hint & { place: bigint })[]>`
      WITH due AS MATERIALIZED (
        SELECT id AS due_id FROM feed_hints WHERE next_attempt_at <= ${now} AND dead_at IS NULL
        ORDER BY (source = 'full_look'), next_attempt_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
      )
      UPDATE feed_hints SET next_attempt_at = ${claimedUntil}
      FROM (SELECT due_id, row_number() OVER () AS place FROM due) AS placed WHERE id = due_id
      RETURNING ${HINT_COLUMNS}, place`.catch(throwMapped);
    return claimed.sort((a, b) => Number(a.place - b.place)).map(({ place: _, ...hint }) => hint);
  }

  async complete(hints: readonly ClaimedHint[], now: Date): Promise<void> {
    if (hints.length === 0) return;
    // What was told meanwhile is due already, and has not waited for longer than this look took.
    await this.prisma.$executeRaw`
      WITH mine AS MATERIALIZED (${lockClaimed(hints)}),
      handled AS (DELETE FROM feed_hints WHERE id IN (SELECT mine_id FROM mine WHERE same))
      UPDATE feed_hints SET created_at = ${now} FROM mine WHERE id = mine_id AND NOT same`.catch(throwMapped);
  }

  async lookAgain(hints: readonly ClaimedHint[], at: Date): Promise<void> {
    if (hints.length === 0) return;
    await this.prisma.$executeRaw`
      WITH mine AS MATERIALIZED (${lockClaimed(hints)})
      UPDATE feed_hints SET looks = looks + 1, attempts = 0, last_error = NULL, next_attempt_at = ${at}
      FROM mine WHERE id = mine_id AND same`.catch(throwMapped);
  }

  async postpone(hints: readonly ClaimedHint[], error: string, at: Date, countAttempt: boolean): Promise<void> {
    if (hints.length === 0) return;
    await this.prisma.$executeRaw`
      WITH mine AS MATERIALIZED (${lockClaimed(hints)})
      UPDATE feed_hints SET attempts = attempts + ${countAttempt ? 1 : 0}::int, last_error = ${error},
        next_attempt_at = ${at}
      FROM mine WHERE id = mine_id AND same`.catch(throwMapped);
  }

  async moveToDeadLetters({ id, version }: ClaimedHint, error: string, now: Date): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE feed_hints SET attempts = attempts + 1, last_error = ${error}, dead_at = ${now}
      WHERE id = ${id} AND version = ${version} AND dead_at IS NULL`.catch(throwMapped);
  }

  async listDead({ limit = 100, after = 0n }: { limit?: number; after?: bigint } = {}): Promise<Hint[]> {
    return await this.prisma.$queryRaw<Hint[]>`
      SELECT ${HINT_COLUMNS} FROM feed_hints WHERE dead_at IS NOT NULL AND id > ${after} ORDER BY id LIMIT ${limit}`.catch(
      throwMapped,
    );
  }

  async replay(now: Date, ids?: readonly bigint[]): Promise<number> {
    const chosen = ids
      ? Prisma.sql`AND id IN (SELECT jsonb_array_elements_text(${JSON.stringify(ids.map(String))}::jsonb)::bigint)`
      : Prisma.empty;
    return await this.prisma.$executeRaw`
      WITH chosen AS MATERIALIZED (
        SELECT id AS chosen_id FROM feed_hints
        WHERE dead_at IS NOT NULL ${chosen}
        ORDER BY kind, subject FOR UPDATE
      )
      UPDATE feed_hints SET dead_at = NULL, attempts = 0, looks = 0, next_attempt_at = ${now}
      FROM chosen WHERE id = chosen_id AND dead_at IS NOT NULL`.catch(throwMapped);
  }

  async backlog(): Promise<FeedBacklog> {
    const rows = await this.prisma.$queryRaw<FeedBacklog[]>`
      SELECT count(*) FILTER (WHERE dead_at IS NULL)::int AS waiting, count(dead_at)::int AS dead,
        min(least(changed_at, created_at)) FILTER (WHERE dead_at IS NULL AND looks = 0) AS "oldestChangedAt"
      FROM feed_hints`.catch(throwMapped);
    return rows[0] as FeedBacklog;
  }

  async countPostponed(errors: readonly string[]): Promise<number> {
    const rows = await this.prisma.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM feed_hints
      WHERE dead_at IS NULL AND last_error IN (
        SELECT jsonb_array_elements_text(${JSON.stringify(errors)}::jsonb))`.catch(throwMapped);
    return rows[0]?.count ?? 0;
  }

  async hintAllUsers(source: HintSource, now: Date, only?: "sessions"): Promise<number> {
    let total = 0;
    let after: string | null = "";
    while (after !== null) {
      const { count, last } = await this.#hintUsersAfter(after, source, now, only);
      total += count;
      after = count < USERS_AT_ONCE ? null : last;
    }
    return total;
  }

  async pruneSeenEvents(before: Date, limit: number): Promise<number> {
    return await this.prisma.$executeRaw`
      DELETE FROM feed_seen_events WHERE (source, event_id) IN (
        SELECT source, event_id FROM feed_seen_events WHERE seen_at < ${before}
        ORDER BY seen_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)`.catch(throwMapped);
  }

  async #hintUsersAfter(
    after: string,
    source: HintSource,
    now: Date,
    only?: "sessions",
  ): Promise<{ count: number; last: string | null }> {
    const rows = await this.prisma.$queryRaw<{ count: number; last: string | null }[]>`
      WITH page AS MATERIALIZED (
        SELECT id FROM users WHERE deleted_at IS NULL AND id > ${after} ORDER BY id LIMIT ${USERS_AT_ONCE}
      ), told AS (
        SELECT 0 AS n, kind, id AS subject, ${source}::text AS source, NULL::timestamptz AS changed_at,
          NULL::text AS keep_session, ${now}::timestamptz AS due_at
        FROM page CROSS JOIN (VALUES ('user'), ('sessions')) AS kinds (kind)
        WHERE kind = 'user' AND ${only === undefined}::boolean
          OR kind = 'sessions' AND EXISTS (SELECT FROM sessions WHERE user_id = page.id AND ended_at IS NULL)
      ), hinted AS (${tellHints(Prisma.sql`told`, now)})
      SELECT count(*)::int AS count, max(id) AS last FROM page`.catch(throwMapped);
    return rows[0] as { count: number; last: string | null };
  }
}

/** Locks hints that were claimed; `same` unless told again since. */
function lockClaimed(hints: readonly ClaimedHint[]): Prisma.Sql {
  const rows = hints.map(({ id, version }) => ({ id: String(id), version: String(version) }));
  return Prisma.sql`
        SELECT hint.id AS mine_id, hint.version = claimed.version AS same
        FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS claimed (id bigint, version bigint)
          JOIN feed_hints hint ON hint.id = claimed.id
        WHERE hint.dead_at IS NULL ORDER BY hint.kind, hint.subject FOR UPDATE OF hint
      `;
}
