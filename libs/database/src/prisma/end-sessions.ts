import { throwMapped } from "@libs/postgres";
import { Prisma } from "../generated/client.ts";
import type { LiveSession, Session, SessionEndReason } from "../ports/session.ts";
import type { EndOptions, LiveSessions } from "../ports/session-repository.ts";
import type { PrismaClient } from "./client.ts";
import { SESSION_FACT_COLUMNS, SESSION_TOKEN_COLUMNS } from "./columns.ts";
import { ENDED_COLUMNS, endOfLive } from "./end-of-live.ts";

/** Which live sessions: one of ours, or those of {@link LiveSessions}. */
export type Ending = { sessionId: string } | LiveSessions;

export type EndedSessions = { which: Ending; reason: SessionEndReason; now: Date } & EndOptions;

/**
 * Ends live sessions in one statement: the rows, their log, what Keycloak must still end, and what subscribers are
 * notified of, or none of it. Sessions are locked before their users: the order of every statement that locks both.
 * @returns the sessions as they were before
 */
export async function endSessions(prisma: PrismaClient, ending: EndedSessions): Promise<Session[]> {
  return await prisma.$queryRaw<Session[]>`
    WITH ${liveSessions(ending, ALL_COLUMNS)}, ${endOfLive(ending)}
    SELECT "sessionId", "userId", "keycloakSessionId", "previousRefreshTokenHash", "refreshedAt", "ipAddress",
      "userAgent", "keptAsOf", "startedAt", "lastSeenAt", "endedAt", "endReason", "accessToken", "refreshToken", "idToken",
      "refreshTokenHash", "tokenExpiresAt", "refreshExpiresAt", "tokensIssuedAt", offline FROM live`.catch(throwMapped);
}

/** The same, for those who need no tokens: of many sessions they are many megabytes. */
export async function endLiveSessions(
  prisma: PrismaClient,
  ending: EndedSessions,
): Promise<Pick<LiveSession, "sessionId" | "userId" | "keycloakSessionId">[]> {
  return await prisma.$queryRaw<Pick<LiveSession, "sessionId" | "userId" | "keycloakSessionId">[]>`
    WITH ${liveSessions(ending, ENDED_COLUMNS)}, ${endOfLive(ending)}
    SELECT "sessionId", "userId", "keycloakSessionId" FROM live`.catch(throwMapped);
}

const ALL_COLUMNS = Prisma.sql`${SESSION_FACT_COLUMNS}, ${SESSION_TOKEN_COLUMNS}`;

function liveSessions({ which, onlyIf }: EndedSessions, columns: Prisma.Sql): Prisma.Sql {
  const isNewest = onlyIf
    ? Prisma.sql`AND refresh_fence = ${onlyIf.fence} AND refresh_token_hash = ${onlyIf.refreshTokenHash}`
    : Prisma.empty;
  return Prisma.sql`live AS MATERIALIZED (
      SELECT ${columns} FROM sessions
      WHERE ended_at IS NULL AND ${condition(which)} ${isNewest}
      ORDER BY session_id FOR UPDATE
    )`;
}

/** For the WHERE of a query of `sessions`, beside `ended_at IS NULL`. */
export function condition(which: Ending): Prisma.Sql {
  if (!("userId" in which) && "sessionId" in which) return Prisma.sql`session_id = ${which.sessionId}`;
  if ("keycloakSessionIds" in which)
    return Prisma.sql`keycloak_session_id = ANY(${[...which.keycloakSessionIds]}::text[])`;
  if (which.sessionId !== undefined) return Prisma.sql`user_id = ${which.userId} AND session_id = ${which.sessionId}`;
  return Prisma.sql`user_id = ${which.userId}
    AND (${which.startedBefore ?? null}::timestamptz IS NULL OR started_at < ${which.startedBefore ?? null})
    AND (${which.issuedBefore ?? null}::timestamptz IS NULL OR ${issuedBefore(which.issuedBefore ?? null)})
    AND keycloak_session_id IS DISTINCT FROM ${which.exceptKeycloakSessionId ?? null}::text`;
}

/** Of rows from before that column, by their last refresh. */
export const issuedBefore = (at: Date | null) =>
  Prisma.sql`coalesce(tokens_issued_at, refreshed_at, started_at) < ${at}::timestamptz`;
