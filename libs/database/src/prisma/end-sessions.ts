import type { PrismaClient } from "../client.ts";
import { Prisma } from "../generated/client.ts";
import type { EndOptions, Session, SessionEndReason } from "../session-repository.ts";
import { SESSION_FACT_COLUMNS, SESSION_TOKEN_COLUMNS } from "./columns.ts";
import { throwMapped } from "./map-prisma-error.ts";

export type EndedSessions = { reason: SessionEndReason; now: Date } & EndOptions &
  ({ sessionId: string; userId?: undefined } | { userId: string; sessionId?: undefined });

/**
 * Ends live sessions in one statement: the rows, their log, and what Keycloak must still be told, or none of it.
 * @returns the sessions as they were before
 */
export async function endSessions(
  prisma: PrismaClient,
  { sessionId, userId, onlyIf, reason, now, logout }: EndedSessions,
): Promise<Session[]> {
  const which = sessionId === undefined ? Prisma.sql`user_id = ${userId}` : Prisma.sql`session_id = ${sessionId}`;
  return await prisma.$queryRaw<Session[]>`
    WITH live AS MATERIALIZED (
      SELECT ${SESSION_FACT_COLUMNS}, ${SESSION_TOKEN_COLUMNS} FROM sessions
      WHERE ${which} AND ended_at IS NULL
        AND refresh_fence = coalesce(${onlyIf?.fence ?? null}::bigint, refresh_fence)
        AND (${onlyIf?.refreshTokenHash ?? null}::text IS NULL
          OR refresh_token_hash = ${onlyIf?.refreshTokenHash ?? null})
      ORDER BY session_id FOR UPDATE
    ), ended AS (
      UPDATE sessions SET ended_at = ${now}, end_reason = ${reason}, last_seen_at = ${now}, refresh_lease_until = NULL,
        access_token = NULL, refresh_token = NULL, id_token = NULL
      FROM live WHERE session_id = live."sessionId"
    ), queued AS (
      INSERT INTO keycloak_logouts
        (keycloak_session_id, user_id, reason, offline, next_attempt_at, created_at, expires_at)
      SELECT "keycloakSessionId", "userId", ${reason}::text, "refreshExpiresAt" IS NULL,
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
    )
    SELECT "sessionId", "userId", "keycloakSessionId", "previousRefreshTokenHash", "refreshedAt", "ipAddress",
      "userAgent", "startedAt", "lastSeenAt", "endedAt", "endReason", "accessToken", "refreshToken", "idToken",
      "refreshTokenHash", "tokenExpiresAt", "refreshExpiresAt" FROM live`.catch(throwMapped);
}
