import { throwMapped } from "@libs/postgres";
import type {
  KeycloakLogout,
  KeycloakLogoutRepository,
  NewKeycloakLogout,
} from "../ports/keycloak-logout-repository.ts";
import type { PrismaClient } from "./client.ts";
import { KEYCLOAK_LOGOUT_COLUMNS } from "./columns.ts";

/** `keycloak_logouts` in PostgreSQL. */
export class PrismaKeycloakLogoutRepository implements KeycloakLogoutRepository {
  constructor(private readonly prisma: PrismaClient) {}

  async add(logouts: readonly NewKeycloakLogout[]): Promise<void> {
    if (logouts.length === 0) return;
    const data = logouts.map(({ keycloakSessionId, userId, reason, nextAttemptAt, createdAt, expiresAt }) => {
      return { keycloakSessionId, userId, reason, nextAttemptAt, createdAt, expiresAt };
    });
    await this.prisma.keycloakLogout.createMany({ data, skipDuplicates: true }).catch(throwMapped);
  }

  async remove(keycloakSessionId: string): Promise<boolean> {
    const removed = await this.prisma.$executeRaw`
      DELETE FROM keycloak_logouts WHERE keycloak_session_id = ${keycloakSessionId}`.catch(throwMapped);
    return removed > 0;
  }

  async claimDue(now: Date, claimedUntil: Date, limit: number): Promise<KeycloakLogout[]> {
    return await this.prisma.$queryRaw<KeycloakLogout[]>`
      WITH due AS MATERIALIZED (
        SELECT keycloak_session_id AS sid FROM keycloak_logouts WHERE next_attempt_at <= ${now}
        ORDER BY next_attempt_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
      )
      UPDATE keycloak_logouts SET next_attempt_at = ${claimedUntil}, attempts = attempts + 1
      FROM due WHERE keycloak_session_id = due.sid
      RETURNING ${KEYCLOAK_LOGOUT_COLUMNS}`.catch(throwMapped);
  }

  async recordFailure(keycloakSessionId: string, error: string, nextAttemptAt: Date): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE keycloak_logouts SET last_error = ${error}, next_attempt_at = ${nextAttemptAt}
      WHERE keycloak_session_id = ${keycloakSessionId}`.catch(throwMapped);
  }

  async removeExpired(now: Date): Promise<KeycloakLogout[]> {
    return await this.prisma.$queryRaw<KeycloakLogout[]>`
      DELETE FROM keycloak_logouts WHERE expires_at <= ${now} RETURNING ${KEYCLOAK_LOGOUT_COLUMNS}`.catch(throwMapped);
  }

  async countWaiting(): Promise<{ count: number; oldestCreatedAt: Date | null }> {
    const [row] = await this.prisma.$queryRaw<{ count: number; oldestCreatedAt: Date | null }[]>`
      SELECT count(*)::int AS count, min(created_at) AS "oldestCreatedAt" FROM keycloak_logouts`.catch(throwMapped);
    return row ?? { count: 0, oldestCreatedAt: null };
  }
}
