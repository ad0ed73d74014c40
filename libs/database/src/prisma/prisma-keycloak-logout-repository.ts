import { throwMapped } from "@libs/postgres";
import { COUNTED_AT_MOST } from "../ports/counted-at-most.ts";
import type {
  FailedLogout,
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
      UPDATE keycloak_logouts SET next_attempt_at = ${claimedUntil}, attempts = attempts + 1
      WHERE keycloak_session_id = ANY(ARRAY(
        SELECT keycloak_session_id FROM keycloak_logouts WHERE next_attempt_at <= ${now}
        ORDER BY next_attempt_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))
      RETURNING ${KEYCLOAK_LOGOUT_COLUMNS}`.catch(throwMapped);
  }

  async removeAll(keycloakSessionIds: readonly string[]): Promise<void> {
    if (keycloakSessionIds.length === 0) return;
    await this.prisma.$executeRaw`
      DELETE FROM keycloak_logouts
      WHERE keycloak_session_id = ANY(${[...keycloakSessionIds].sort()}::text[])`.catch(throwMapped);
  }

  async recordFailures(failures: readonly FailedLogout[]): Promise<void> {
    if (failures.length === 0) return;
    await this.prisma.$executeRaw`
      UPDATE keycloak_logouts SET last_error = failed.error, next_attempt_at = failed.next
      FROM unnest(${failures.map(({ keycloakSessionId }) => keycloakSessionId)}::text[],
        ${failures.map(({ error }) => error)}::text[],
        ${failures.map(({ nextAttemptAt }) => nextAttemptAt)}::timestamptz[]) AS failed (sid, error, next)
      WHERE keycloak_session_id = failed.sid`.catch(throwMapped);
  }

  async removeExpired(now: Date, limit: number): Promise<KeycloakLogout[]> {
    return await this.prisma.$queryRaw<KeycloakLogout[]>`
      DELETE FROM keycloak_logouts WHERE keycloak_session_id = ANY(ARRAY(
        SELECT keycloak_session_id FROM keycloak_logouts WHERE expires_at <= ${now}
        ORDER BY expires_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))
      RETURNING ${KEYCLOAK_LOGOUT_COLUMNS}`.catch(throwMapped);
  }

  async countWaiting(): Promise<{ count: number; oldestCreatedAt: Date | null }> {
    const [row] = await this.prisma.$queryRaw<{ count: number; oldestCreatedAt: Date | null }[]>`
      SELECT count(*)::int AS count, min(created_at) AS "oldestCreatedAt"
      FROM (SELECT created_at FROM keycloak_logouts ORDER BY created_at LIMIT ${COUNTED_AT_MOST}) AS oldest`.catch(
      throwMapped,
    );
    return row ?? { count: 0, oldestCreatedAt: null };
  }
}
