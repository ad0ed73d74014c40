import { Prisma } from "../generated/client.ts";
import type { SessionEndReason } from "../ports/session.ts";
import type { EndOptions } from "../ports/session-repository.ts";
import { somebodySubscribes } from "./domain-event-sql.ts";

export type SessionEnd = { reason: SessionEndReason; now: Date } & Pick<EndOptions, "logout">;

/** What {@link endOfLive} reads of a session. */
export const ENDED_COLUMNS = Prisma.raw(`
  session_id AS "sessionId", user_id AS "userId", keycloak_session_id AS "keycloakSessionId",
  refresh_expires_at AS "refreshExpiresAt", offline, ip_address AS "ipAddress", user_agent AS "userAgent",
  started_at AS "startedAt"`);

/** Parts of a WITH that end the sessions of `live`, a table with columns named as in the port, locked, in one statement. */
export function endOfLive({ reason, now, logout }: SessionEnd): Prisma.Sql {
  return Prisma.sql`ended AS (
      UPDATE sessions SET ended_at = ${now}, end_reason = ${reason}, last_seen_at = ${now}, refresh_lease_until = NULL,
        access_token = NULL, refresh_token = NULL, id_token = NULL
      WHERE session_id = ANY(ARRAY(SELECT "sessionId" FROM live))
    ), queued AS (
      INSERT INTO keycloak_logouts
        (keycloak_session_id, user_id, reason, offline, next_attempt_at, created_at, expires_at)
      SELECT "keycloakSessionId", "userId", ${reason}::text, coalesce(offline, "refreshExpiresAt" IS NULL),
        ${logout?.nextAttemptAt ?? now}::timestamptz, ${now}::timestamptz,
        coalesce("refreshExpiresAt" + ${logout?.marginMs ?? 0}::int * interval '1 millisecond',
          ${logout?.latestExpiresAt ?? now}::timestamptz)
      FROM live WHERE ${logout !== undefined}::boolean
      ON CONFLICT DO NOTHING
    ), logged AS (
      INSERT INTO activity_logs (user_id, type, at, ip_address, user_agent, details)
      SELECT "userId", what.type, ${now}::timestamptz, "ipAddress", "userAgent",
        jsonb_build_object('sessionId', "sessionId", 'reason', ${reason}::text)
      FROM live, (VALUES ('session.refresh_token_reused', ${reason}::text = 'refresh_token_reuse'),
        ('session.ended', true)) AS what (type, happened)
      WHERE what.happened
    ), ${recordEnds(reason, now)}`;
}

/** One event for each session in `live`, the versions of each user's in a row. */
function recordEnds(reason: SessionEndReason, now: Date): Prisma.Sql {
  return Prisma.sql`ends AS MATERIALIZED (
      SELECT "sessionId", "userId", row_number() OVER (PARTITION BY "userId" ORDER BY "startedAt", "sessionId") AS number
      FROM live WHERE ${somebodySubscribes}
    ), locked AS MATERIALIZED (
      SELECT id FROM users WHERE id = ANY(ARRAY(SELECT "userId" FROM ends)) ORDER BY id FOR NO KEY UPDATE
    ), numbered AS (
      UPDATE users SET event_version = event_version + happened.count
      FROM (SELECT "userId", count(*) AS count FROM ends GROUP BY "userId") AS happened
      WHERE id = ANY(ARRAY(SELECT id FROM locked)) AND id = happened."userId"
      RETURNING id, event_version - happened.count AS before
    ), recorded AS (
      INSERT INTO domain_events (user_id, version, type, at, payload)
      SELECT id, before + number, 'session.ended', ${now}::timestamptz,
        jsonb_build_object('sessionId', "sessionId", 'reason', ${reason}::text)
      FROM ends JOIN numbered ON id = "userId" ORDER BY id, number
    )`;
}
