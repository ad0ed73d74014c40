import { throwMapped } from "@libs/postgres";
import { refreshTokenStanding } from "../ports/refresh-token-standing.ts";
import type { LiveSession, PersonSession, Session, SessionEndReason, SessionTokens } from "../ports/session.ts";
import type {
  EndOptions,
  LivePage,
  LivePosition,
  LiveSessions,
  LoginRecord,
  LogoutPlan,
  LostToken,
  RefreshAttempt,
  RefreshTokenStanding,
  SessionRepository,
} from "../ports/session-repository.ts";
import type { User } from "../ports/user-repository.ts";
import type { PrismaClient } from "./client.ts";
import { SESSION_FACT_COLUMNS, SESSION_TOKEN_COLUMNS } from "./columns.ts";
import { endExpiredSessions, endIssuedBefore } from "./end-many-sessions.ts";
import { condition, endLiveSessions, endSessions } from "./end-sessions.ts";
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

  async beginRefresh(sessionId: string, refreshTokenHash: string, leaseMs: number): Promise<RefreshAttempt | null> {
    // Takes the refresh lease: the UPDATE succeeds for one caller, until the lease expires or is released. The others get
    // the row without a fence. If a crash of PostgreSQL loses the lease, no harm is done (storing checks the hash too). So
    // its commit does not wait for the disk, which makes it as fast as the plain read that it replaces.
    const rows = await this.prisma.$queryRaw<(Session & { spentAt: Date | null; fence: bigint | null })[]>`
      WITH leased AS (
        UPDATE sessions SET refresh_lease_until = clock_timestamp() + ${leaseMs}::int * interval '1 millisecond',
          refresh_fence = refresh_fence + 1
        WHERE session_id = ${sessionId} AND ended_at IS NULL AND refresh_token_hash = ${refreshTokenHash}
          AND (refresh_lease_until IS NULL OR refresh_lease_until <= clock_timestamp())
        RETURNING ${SESSION_FACT_COLUMNS}, ${SESSION_TOKEN_COLUMNS}, NULL::timestamptz AS "spentAt",
          CASE WHEN set_config('synchronous_commit', 'off', true) IS NOT NULL THEN refresh_fence END AS fence
      )
      SELECT * FROM leased
      UNION ALL
      SELECT ${SESSION_FACT_COLUMNS}, ${SESSION_TOKEN_COLUMNS}, (
          SELECT spent_at FROM spent_refresh_tokens spent
          WHERE spent.session_id = sessions.session_id AND spent.token_hash = ${refreshTokenHash}) AS "spentAt",
        NULL::bigint AS fence
      FROM sessions WHERE session_id = ${sessionId} AND NOT EXISTS (SELECT FROM leased)`.catch(throwMapped);
    if (!rows[0]) return null;
    const { spentAt, fence, ...session } = rows[0];
    return { session, ...refreshTokenStanding(session, refreshTokenHash, spentAt), fence };
  }

  async releaseRefresh(sessionId: string, fence: bigint): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE sessions SET refresh_lease_until = NULL
      WHERE session_id = ${sessionId} AND refresh_fence = ${fence}`.catch(throwMapped);
  }

  async replaceTokens(
    sessionId: string,
    expectedRefreshTokenHash: string | null,
    tokens: SessionTokens,
    now: Date,
    fence?: bigint,
    lost?: LostToken,
  ): Promise<Session | null> {
    const lostHash = lost?.refreshTokenHash ?? null;
    const replacedAt = lost && lost.issuedAt < now ? lost.issuedAt : now;
    const { accessToken, refreshToken, idToken, refreshTokenHash, tokenExpiresAt, refreshExpiresAt } = tokens;
    const { tokensIssuedAt, offline } = tokens;
    const rows = await this.prisma.$queryRaw<Omit<Session, keyof SessionTokens>[]>`
      WITH stored AS (
        UPDATE sessions SET access_token = ${accessToken}, refresh_token = ${refreshToken}, id_token = ${idToken},
          refresh_token_hash = ${refreshTokenHash}, token_expires_at = ${tokenExpiresAt},
          refresh_expires_at = ${refreshExpiresAt}, expiry_check_at = least(expiry_check_at, ${refreshExpiresAt}),
          tokens_issued_at = ${tokensIssuedAt}, offline = ${offline}, last_seen_at = ${now}, refreshed_at = ${now},
          previous_refresh_token_hash = coalesce(${lostHash}::text, refresh_token_hash), refresh_lease_until = NULL
        WHERE session_id = ${sessionId} AND ended_at IS NULL
          AND refresh_token_hash IS NOT DISTINCT FROM ${expectedRefreshTokenHash}
          AND refresh_fence = coalesce(${fence ?? null}::bigint, refresh_fence)
        RETURNING ${SESSION_FACT_COLUMNS}
      ), spent AS (
        INSERT INTO spent_refresh_tokens (session_id, token_hash, spent_at)
        SELECT "sessionId", hash, at FROM stored, (VALUES
          (${expectedRefreshTokenHash}::text, ${replacedAt}::timestamptz), (${lostHash}::text, ${now}::timestamptz)
        ) AS replaced (hash, at)
        WHERE hash IS NOT NULL AND hash IS DISTINCT FROM ${refreshTokenHash}::text
        ON CONFLICT DO NOTHING
      )
      SELECT "sessionId", "userId", "keycloakSessionId", "previousRefreshTokenHash", "refreshedAt", "ipAddress",
        "userAgent", "keptAsOf", "startedAt", "lastSeenAt", "endedAt", "endReason" FROM stored`.catch(throwMapped);
    return rows[0] ? { ...rows[0], ...tokens } : null;
  }

  async end(
    sessionId: string,
    reason: SessionEndReason,
    now: Date,
    { onlyIf, logout }: EndOptions = {},
  ): Promise<Session | null> {
    const [ended] = await endSessions(this.prisma, { which: { sessionId }, onlyIf, reason, now, logout });
    return ended ?? null;
  }

  async endAll(userId: string, reason: SessionEndReason, now: Date, logout: LogoutPlan): Promise<string[]> {
    const ended = await this.endLive({ userId }, reason, now, logout);
    return ended.map(({ keycloakSessionId }) => keycloakSessionId);
  }

  async endLive(
    which: LiveSessions,
    reason: SessionEndReason,
    now: Date,
    logout?: LogoutPlan,
  ): Promise<Pick<LiveSession, "sessionId" | "userId" | "keycloakSessionId">[]> {
    return await endLiveSessions(this.prisma, { which, reason, now, logout });
  }

  endExpired(now: Date, limit: number): Promise<{ checked: number; ended: number }> {
    return endExpiredSessions(this.prisma, now, limit);
  }

  endIssuedBefore(
    before: Date,
    reason: SessionEndReason,
    now: Date,
    page: LivePage,
    logout: LogoutPlan,
  ): Promise<{ ended: number; last: LivePosition | null }> {
    return endIssuedBefore(this.prisma, before, { reason, now, logout }, page);
  }

  async keepAfterPassword(keycloakSessionId: string, changedAt: Date): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE sessions SET kept_as_of = greatest(kept_as_of, ${changedAt}::timestamptz)
      WHERE keycloak_session_id = ${keycloakSessionId} AND ended_at IS NULL`.catch(throwMapped);
  }

  findLive(which: LiveSessions): Promise<LiveSession[]> {
    return this.prisma.$queryRaw<LiveSession[]>`
      SELECT session_id AS "sessionId", user_id AS "userId", keycloak_session_id AS "keycloakSessionId",
        refresh_expires_at AS "refreshExpiresAt", started_at AS "startedAt", offline, kept_as_of AS "keptAsOf"
      FROM sessions WHERE ended_at IS NULL AND ${condition(which)}`.catch(throwMapped);
  }

  listOfPerson(userId: string, limit: number): Promise<PersonSession[]> {
    return this.prisma.$queryRaw<PersonSession[]>`
      SELECT session_id AS "sessionId", keycloak_session_id AS "keycloakSessionId", ip_address AS "ipAddress",
        user_agent AS "userAgent", started_at AS "startedAt", last_seen_at AS "lastSeenAt"
      FROM sessions WHERE ended_at IS NULL AND user_id = ${userId}
      ORDER BY last_seen_at DESC, session_id LIMIT ${limit}`.catch(throwMapped);
  }

  findStartedBetween(from: Date, to: Date, limit: number): Promise<Pick<Session, "keycloakSessionId" | "startedAt">[]> {
    return this.prisma.$queryRaw<Pick<Session, "keycloakSessionId" | "startedAt">[]>`
      (SELECT keycloak_session_id AS "keycloakSessionId", started_at AS "startedAt" FROM sessions
          WHERE ended_at IS NULL AND started_at >= ${from} AND started_at < ${to} ORDER BY started_at LIMIT ${limit})
        UNION ALL
        (SELECT keycloak_session_id AS "keycloakSessionId", started_at AS "startedAt" FROM sessions
          WHERE ended_at IS NOT NULL AND started_at >= ${from} AND started_at < ${to} ORDER BY started_at LIMIT ${limit})
      LIMIT ${limit}`.catch(throwMapped);
  }
}
