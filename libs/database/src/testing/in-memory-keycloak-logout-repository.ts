import { COUNTED_AT_MOST } from "../ports/counted-at-most.ts";
import type {
  FailedLogout,
  KeycloakLogout,
  KeycloakLogoutRepository,
  NewKeycloakLogout,
} from "../ports/keycloak-logout-repository.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemoryKeycloakLogoutRepository implements KeycloakLogoutRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async add(logouts: readonly NewKeycloakLogout[]): Promise<void> {
    for (const logout of logouts) this.database.queueLogout(logout);
  }

  async remove(keycloakSessionId: string): Promise<boolean> {
    return this.database.keycloakLogouts.delete(keycloakSessionId);
  }

  async claimDue(now: Date, claimedUntil: Date, limit: number): Promise<KeycloakLogout[]> {
    const due = [...this.database.keycloakLogouts.values()]
      .filter(({ nextAttemptAt }) => nextAttemptAt <= now)
      .sort((a, b) => a.nextAttemptAt.getTime() - b.nextAttemptAt.getTime())
      .slice(0, limit);
    for (const row of due) {
      row.nextAttemptAt = claimedUntil;
      row.attempts += 1;
    }
    return structuredClone(due);
  }

  async removeAll(keycloakSessionIds: readonly string[]): Promise<void> {
    for (const sid of keycloakSessionIds) this.database.keycloakLogouts.delete(sid);
  }

  async recordFailures(failures: readonly FailedLogout[]): Promise<void> {
    for (const { keycloakSessionId, error, nextAttemptAt } of failures) {
      const row = this.database.keycloakLogouts.get(keycloakSessionId);
      if (row) Object.assign(row, { lastError: error, nextAttemptAt });
    }
  }

  async removeExpired(now: Date, limit: number): Promise<KeycloakLogout[]> {
    const expired = [...this.database.keycloakLogouts.values()]
      .filter(({ expiresAt }) => expiresAt <= now)
      .sort((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime())
      .slice(0, limit);
    for (const { keycloakSessionId } of expired) this.database.keycloakLogouts.delete(keycloakSessionId);
    return structuredClone(expired);
  }

  async countWaiting(): Promise<{ count: number; oldestCreatedAt: Date | null }> {
    const times = [...this.database.keycloakLogouts.values()].map(({ createdAt }) => createdAt.getTime());
    return {
      count: Math.min(times.length, COUNTED_AT_MOST),
      oldestCreatedAt: times.length === 0 ? null : new Date(Math.min(...times)),
    };
  }
}
