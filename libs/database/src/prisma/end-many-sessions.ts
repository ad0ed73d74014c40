import { throwMapped } from "@libs/postgres";
import { Prisma } from "../generated/client.ts";
import type { LivePage, LivePosition } from "../ports/session-repository.ts";
import type { PrismaClient } from "./client.ts";
import { ENDED_COLUMNS, endOfLive, type SessionEnd } from "./end-of-live.ts";
import { issuedBefore } from "./end-sessions.ts";

/** Of two replicas neither waits for the other, and none for a refresh under way. */
const OTHERS_ARE_LEFT = Prisma.raw("SKIP LOCKED");

/** See {@link SessionRepository.endExpired}. */
export async function endExpiredSessions(
  prisma: PrismaClient,
  now: Date,
  limit: number,
): Promise<{ checked: number; ended: number }> {
  const rows = await prisma.$queryRaw<{ checked: number; ended: number }[]>`
    WITH due AS MATERIALIZED (
      SELECT ${ENDED_COLUMNS} FROM sessions WHERE ended_at IS NULL AND expiry_check_at <= ${now}
      ORDER BY expiry_check_at LIMIT ${limit} FOR UPDATE ${OTHERS_ARE_LEFT}
    ), moved AS (
      UPDATE sessions SET expiry_check_at = refresh_expires_at WHERE session_id = ANY(ARRAY(
        SELECT "sessionId" FROM due WHERE "refreshExpiresAt" > ${now} OR "refreshExpiresAt" IS NULL))
    ), live AS MATERIALIZED (
      SELECT * FROM due WHERE "refreshExpiresAt" <= ${now}
    ), ${endOfLive({ reason: "expired", now })}
    SELECT (SELECT count(*)::int FROM due) AS checked, (SELECT count(*)::int FROM live) AS ended`.catch(throwMapped);
  return rows[0] ?? { checked: 0, ended: 0 };
}

/** See {@link SessionRepository.endIssuedBefore}. */
export async function endIssuedBefore(
  prisma: PrismaClient,
  before: Date,
  end: SessionEnd,
  { after, limit }: LivePage,
): Promise<{ ended: number; last: LivePosition | null }> {
  const rows = await prisma.$queryRaw<{ ended: number; userId: string | null; sessionId: string | null }[]>`
    WITH page AS MATERIALIZED (
      SELECT user_id, session_id FROM sessions
      WHERE ended_at IS NULL AND (user_id, session_id) > (${after?.userId ?? ""}::text, ${after?.sessionId ?? ""}::text)
      ORDER BY user_id, session_id LIMIT ${limit}
    ), live AS MATERIALIZED (
      SELECT ${ENDED_COLUMNS} FROM sessions
      WHERE session_id = ANY(ARRAY(SELECT session_id FROM page)) AND ended_at IS NULL AND ${issuedBefore(before)}
      FOR UPDATE ${OTHERS_ARE_LEFT}
    ), ${endOfLive(end)}
    SELECT (SELECT count(*)::int FROM live) AS ended, last.user_id AS "userId", last.session_id AS "sessionId"
    FROM (SELECT) AS always LEFT JOIN (
      SELECT * FROM page ORDER BY user_id DESC, session_id DESC LIMIT 1) AS last ON true`.catch(throwMapped);
  const { ended = 0, userId = null, sessionId = null } = rows[0] ?? {};
  return { ended, last: userId === null || sessionId === null ? null : { userId, sessionId } };
}
