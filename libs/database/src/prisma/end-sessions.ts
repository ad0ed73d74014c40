import { throwMapped } from "@libs/postgres";
import { Prisma } from "../generated/client.ts";
import type { EndOptions, LiveSessions, Session, SessionEndReason } from "../ports/session-repository.ts";
import type { PrismaClient } from "./client.ts";
import { SESSION_FACT_COLUMNS, SESSION_TOKEN_COLUMNS } from "./columns.ts";
import { somebodySubscribes } from "./domain-event-sql.ts";

/** Which live sessions: one of ours, those of {@link LiveSessions}, or those whose refresh token has run out. */
export type Ending =
  | { sessionId: string }
  | LiveSessions
  | { expiredAt: Date; limit: number }
  | { issuedBefore: Date; limit: number };

export type EndedSessions = { which: Ending; reason: SessionEndReason; now: Date } & EndOptions;

/**
 * Ends live sessions in one statement: the rows, their log, what Keycloak must still end, and what subscribers are
 * notified of, or none of it. Sessions are locked before their users: the order of every statement that locks both.
 * @returns the sessions as they were before
 */
export async function endSessions(
  prisma: PrismaClient,
  { which, onlyIf, reason, now, logout }: EndedSessions,
): Promise<Session[]> {
  return await prisma.$queryRaw<Session[]>`
    WITH live AS MATERIALIZED (
      SELECT ${SESSION_FACT_COLUMNS}, ${SESSION_TOKEN_COLUMNS} FROM sessions
      WHERE ended_at IS NULL AND ${condition(which)}
        AND refresh_fence = coalesce(${onlyIf?.fence ?? null}::bigint, refresh_fence)
        AND (${onlyIf?.refreshTokenHash ?? null}::text IS NULL
          OR refresh_token_hash = ${onlyIf?.refreshTokenHash ?? null})
      ${locking(which)}
    ), ended AS (
      UPDATE sessions SET ended_at = ${now}, end_reason = ${reason}, last_seen_at = ${now}, refresh_lease_until = NULL,
        access_token = NULL, refresh_token = NULL, id_token = NULL
      FROM live WHERE session_id = live."sessionId"
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
    ), ${recordEnds(reason, now)}
    SELECT "sessionId", "userId", "keycloakSessionId", "previousRefreshTokenHash", "refreshedAt", "ipAddress",
      "userAgent", "keptAsOf", "startedAt", "lastSeenAt", "endedAt", "endReason", "accessToken", "refreshToken", "idToken",
      "refreshTokenHash", "tokenExpiresAt", "refreshExpiresAt", "tokensIssuedAt", offline FROM live`.catch(throwMapped);
}

/** Parts of a WITH: one event for each session in `live`, the versions of each user's in a row. */
function recordEnds(reason: SessionEndReason, now: Date): Prisma.Sql {
  return Prisma.sql`ends AS MATERIALIZED (
      SELECT "sessionId", "userId", row_number() OVER (PARTITION BY "userId" ORDER BY "startedAt", "sessionId") AS number
      FROM live WHERE ${somebodySubscribes}
    ), locked AS MATERIALIZED (
      SELECT id FROM users WHERE id IN (SELECT "userId" FROM ends) ORDER BY id FOR NO KEY UPDATE
    ), numbered AS (
      UPDATE users SET event_version = event_version + happened.count
      FROM (SELECT "userId", count(*) AS count FROM ends GROUP BY "userId") AS happened
      WHERE id IN (SELECT id FROM locked) AND id = happened."userId"
      RETURNING id, event_version - happened.count AS before
    ), recorded AS (
      INSERT INTO domain_events (user_id, version, type, at, payload)
      SELECT id, before + number, 'session.ended', ${now}::timestamptz,
        jsonb_build_object('sessionId', "sessionId", 'reason', ${reason}::text)
      FROM ends JOIN numbered ON id = "userId" ORDER BY id, number
    )`;
}

/** For the WHERE of a query of `sessions`, beside `ended_at IS NULL`. */
export function condition(which: Ending): Prisma.Sql {
  if (!("userId" in which) && "sessionId" in which) return Prisma.sql`session_id = ${which.sessionId}`;
  if ("expiredAt" in which) return Prisma.sql`refresh_expires_at <= ${which.expiredAt}`;
  if (!("userId" in which) && "issuedBefore" in which) return issuedBefore(which.issuedBefore);
  if ("keycloakSessionIds" in which)
    return Prisma.sql`keycloak_session_id = ANY(${[...which.keycloakSessionIds]}::text[])`;
  if (which.sessionId !== undefined) return Prisma.sql`user_id = ${which.userId} AND session_id = ${which.sessionId}`;
  return Prisma.sql`user_id = ${which.userId}
    AND (${which.startedBefore ?? null}::timestamptz IS NULL OR started_at < ${which.startedBefore ?? null})
    AND (${which.issuedBefore ?? null}::timestamptz IS NULL OR ${issuedBefore(which.issuedBefore ?? null)})
    AND keycloak_session_id IS DISTINCT FROM ${which.exceptKeycloakSessionId ?? null}::text`;
}

/** Of rows from before that column, by their last refresh. */
const issuedBefore = (at: Date | null) =>
  Prisma.sql`coalesce(tokens_issued_at, refreshed_at, started_at) < ${at}::timestamptz`;

/** What expires, or is revoked, is many at once: of two replicas neither waits for the other. */
function locking(which: Ending): Prisma.Sql {
  return "limit" in which
    ? Prisma.sql`LIMIT ${which.limit} FOR UPDATE SKIP LOCKED`
    : Prisma.sql`ORDER BY session_id FOR UPDATE`;
}
