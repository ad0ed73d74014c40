import { Prisma } from "../generated/client.ts";
import type { NewNotice } from "../ports/feed-repository.ts";
import { toStored } from "./stored-full-reconciliation.ts";

/**
 * Notices as a table in a statement: one parameter, however many there are.
 * @param added each with the event that brought it
 */
export function noticeTable(added: readonly { event: string | null; notice: NewNotice }[], now: Date): Prisma.Sql {
  const rows = added.map(({ event, notice }, n) => ({
    n,
    event,
    kind: notice.kind,
    subject: notice.subject,
    source: toStored(notice.source),
    changed_at: notice.changedAt,
    keep_session: notice.keepSession ?? null,
    due_at: notice.notBefore ?? now,
  }));
  return Prisma.sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS added (n int, event text, kind text,
      subject text, source text, changed_at timestamptz, keep_session text, due_at timestamptz)`;
}

/**
 * Records notices, or records them again.
 *
 * One that was handled before begins anew, second passes included: the change that is recorded now may have come after
 * them. Every statement that locks several notices does so by kind and subject, so that no two wait for each other.
 * @param added a {@link noticeTable}, or what has its columns
 */
export function recordNotices(added: Prisma.Sql, now: Date): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO change_notices AS notice (kind, subject, source, changed_at, keep_session, next_attempt_at, created_at)
    SELECT kind, subject, (array_agg(source ORDER BY changed_at DESC NULLS LAST, n DESC))[1], max(changed_at),
      (array_agg(keep_session ORDER BY changed_at DESC NULLS LAST, n DESC))[1], min(due_at), ${now}::timestamptz
    FROM ${added} GROUP BY kind, subject ORDER BY kind, subject
    ON CONFLICT (kind, subject) DO UPDATE SET version = notice.version + 1, passes = 0,
      source = CASE WHEN excluded.source = 'full_look' AND notice.dead_at IS NULL THEN notice.source ELSE excluded.source END,
      changed_at = greatest(notice.changed_at, excluded.changed_at),
      keep_session = CASE WHEN coalesce(excluded.changed_at >= notice.changed_at, notice.changed_at IS NULL)
        THEN excluded.keep_session ELSE notice.keep_session END,
      next_attempt_at = CASE WHEN notice.dead_at IS NULL THEN least(notice.next_attempt_at, excluded.next_attempt_at)
        ELSE excluded.next_attempt_at END,
      created_at = CASE WHEN notice.passes = 0 AND notice.dead_at IS NULL THEN notice.created_at ELSE excluded.created_at END,
      attempts = CASE WHEN notice.dead_at IS NULL THEN notice.attempts ELSE 0 END, dead_at = NULL`;
}
