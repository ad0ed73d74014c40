import type { PrismaClient } from "../client.ts";
import { refreshTokenStanding } from "../refresh-token-standing.ts";
import type {
  LoginRecord,
  RefreshTokenStanding,
  Session,
  SessionEndReason,
  SessionRepository,
  SessionTokens,
} from "../session-repository.ts";
import type { User } from "../user-repository.ts";
import { SESSION_FACT_COLUMNS, SESSION_TOKEN_COLUMNS } from "./columns.ts";
import { throwMapped } from "./map-prisma-error.ts";
import { recordLogin } from "./record-login.ts";
import { upsertUserRow } from "./upsert-user-row.ts";

/**
 * `sessions` in PostgreSQL. Each write is one statement, hence one transaction and one round trip; conditions are
 * re-checked by PostgreSQL on the newest version of the row, so that of two writers exactly one wins.
 */
export class PrismaSessionRepository implements SessionRepository {
  constructor(private readonly prisma: PrismaClient) {}

  recordLogin(login: LoginRecord): Promise<{ user: User; session: Session }> {
    return upsertUserRow(() => recordLogin(this.prisma, login));
  }

  async findById(sessionId: string): Promise<Session | null> {
    const rows = await this.prisma.$queryRaw<Session[]>`
      SELECT ${SESSION_FACT_COLUMNS}, ${SESSION_TOKEN_COLUMNS} FROM sessions
      WHERE session_id = ${sessionId}`.catch(throwMapped);
    return rows[0] ?? null;
  }

  async findWithStanding(
    sessionId: string,
    refreshTokenHash: string,
  ): Promise<{ session: Session; standing: RefreshTokenStanding; spentAt: Date | null } | null> {
    const rows = await this.prisma.$queryRaw<(Session & { spentAt: Date | null })[]>`
      SELECT ${SESSION_FACT_COLUMNS}, ${SESSION_TOKEN_COLUMNS}, (
          SELECT spent_at FROM spent_refresh_tokens spent
          WHERE spent.session_id = sessions.session_id AND spent.token_hash = ${refreshTokenHash}) AS "spentAt"
      FROM sessions WHERE session_id = ${sessionId}`.catch(throwMapped);
    if (!rows[0]) return null;
    const { spentAt, ...session } = rows[0];
    return { session, ...refreshTokenStanding(session, refreshTokenHash, spentAt) };
  }

  async replaceTokens(
    sessionId: string,
    expectedRefreshTokenHash: string | null,
    tokens: SessionTokens,
    now: Date,
  ): Promise<Session | null> {
    const { accessToken, refreshToken, idToken, refreshTokenHash, tokenExpiresAt, refreshExpiresAt } = tokens;
    const rows = await this.prisma.$queryRaw<Omit<Session, keyof SessionTokens>[]>`
      WITH stored AS (
        UPDATE sessions SET access_token = ${accessToken}, refresh_token = ${refreshToken}, id_token = ${idToken},
          refresh_token_hash = ${refreshTokenHash}, token_expires_at = ${tokenExpiresAt},
          refresh_expires_at = ${refreshExpiresAt}, last_seen_at = ${now}, refreshed_at = ${now},
          previous_refresh_token_hash = refresh_token_hash
        WHERE session_id = ${sessionId} AND ended_at IS NULL
          AND refresh_token_hash IS NOT DISTINCT FROM ${expectedRefreshTokenHash}
        RETURNING ${SESSION_FACT_COLUMNS}
      ), spent AS (
        INSERT INTO spent_refresh_tokens (session_id, token_hash, spent_at)
        SELECT "sessionId", "previousRefreshTokenHash", ${now}::timestamptz FROM stored
        WHERE "previousRefreshTokenHash" IS NOT NULL
          AND "previousRefreshTokenHash" IS DISTINCT FROM ${refreshTokenHash}
        ON CONFLICT DO NOTHING
      )
      SELECT "sessionId", "userId", "keycloakSessionId", "previousRefreshTokenHash", "refreshedAt", "ipAddress",
        "userAgent", "startedAt", "lastSeenAt", "endedAt", "endReason" FROM stored`.catch(throwMapped);
    return rows[0] ? { ...rows[0], ...tokens } : null;
  }

  async end(sessionId: string, reason: SessionEndReason, now: Date): Promise<Session | null> {
    const rows = await this.prisma.$queryRaw<Session[]>`
      WITH live AS (
        SELECT ${SESSION_FACT_COLUMNS}, ${SESSION_TOKEN_COLUMNS} FROM sessions
        WHERE session_id = ${sessionId} AND ended_at IS NULL FOR UPDATE
      ), ended AS (
        UPDATE sessions SET ended_at = ${now}, end_reason = ${reason}, last_seen_at = ${now},
          access_token = NULL, refresh_token = NULL, id_token = NULL
        WHERE session_id = (SELECT "sessionId" FROM live)
      ), logged AS (
        INSERT INTO activity_logs (user_id, type, at, ip_address, user_agent, details)
        SELECT "userId", 'session.ended', ${now}::timestamptz, "ipAddress", "userAgent",
          jsonb_build_object('sessionId', "sessionId", 'reason', ${reason}::text) FROM live
      )
      SELECT "sessionId", "userId", "keycloakSessionId", "previousRefreshTokenHash", "refreshedAt", "ipAddress",
        "userAgent", "startedAt", "lastSeenAt", "endedAt", "endReason", "accessToken", "refreshToken", "idToken",
        "refreshTokenHash", "tokenExpiresAt", "refreshExpiresAt" FROM live`.catch(throwMapped);
    return rows[0] ?? null;
  }
}
