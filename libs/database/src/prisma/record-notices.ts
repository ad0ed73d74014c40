import { Prisma } from "../generated/client.ts";
import type { NewHint } from "../ports/feed-repository.ts";

/**
 * Hints as a table in a statement: one parameter, however many there are.
 * @param told each with the event that told it
 */
export function hintTable(told: readonly { event: string | null; hint: NewHint }[], now: Date): Prisma.Sql {
  const rows = told.map(({ event, hint }, n) => ({
    ...{ n, event, kind: hint.kind, subject: hint.subject, source: hint.source, changed_at: hint.changedAt },
    ...{ keep_session: hint.keepSession ?? null, due_at: hint.notBefore ?? now },
  }));
  return Prisma.sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS told (n int, event text, kind text,
      subject text, source text, changed_at timestamptz, keep_session text, due_at timestamptz)`;
}

/**
 * Stores hints, or tells them again.
 *
 * One that was handled before begins anew, second looks included: the change that is told now may have come after them.
 * Every statement that locks several hints does so by kind and subject, so that no two wait for each other.
 * @param told a {@link hintTable}, or what has its columns
 */
export function tellHints(told: Prisma.Sql, now: Date): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO feed_hints AS hint (kind, subject, source, changed_at, keep_session, next_attempt_at, created_at)
    SELECT kind, subject, (array_agg(source ORDER BY changed_at DESC NULLS LAST, n DESC))[1], max(changed_at),
      (array_agg(keep_session ORDER BY changed_at DESC NULLS LAST, n DESC))[1], min(due_at), ${now}::timestamptz
    FROM ${told} GROUP BY kind, subject ORDER BY kind, subject
    ON CONFLICT (kind, subject) DO UPDATE SET version = hint.version + 1, looks = 0,
      source = CASE WHEN excluded.source = 'full_look' AND hint.dead_at IS NULL THEN hint.source ELSE excluded.source END,
      changed_at = greatest(hint.changed_at, excluded.changed_at),
      keep_session = CASE WHEN coalesce(excluded.changed_at >= hint.changed_at, hint.changed_at IS NULL)
        THEN excluded.keep_session ELSE hint.keep_session END,
      next_attempt_at = CASE WHEN hint.dead_at IS NULL THEN least(hint.next_attempt_at, excluded.next_attempt_at)
        ELSE excluded.next_attempt_at END,
      created_at = CASE WHEN hint.looks = 0 AND hint.dead_at IS NULL THEN hint.created_at ELSE excluded.created_at END,
      attempts = CASE WHEN hint.dead_at IS NULL THEN hint.attempts ELSE 0 END, dead_at = NULL`;
}
