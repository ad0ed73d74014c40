import type { GuardedSession, GuardedUser, GuardRepository } from "../guard-repository.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

/** What a guard asks, of rows in memory. Permissions: `database.grants`; organizations of stores: `storeOrganizations`. */
export class InMemoryGuardRepository implements GuardRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async findSession(keycloakSessionId: string): Promise<GuardedSession | null> {
    const found = [...this.database.sessions.values()].find(
      (session) => session.keycloakSessionId === keycloakSessionId && session.endedAt === null,
    );
    if (!found) return null;
    const { sessionId, userId, startedAt } = found;
    return { sessionId, userId, startedAt };
  }

  async findUser(userId: string): Promise<GuardedUser | null> {
    const user = this.database.users.get(userId);
    if (!user?.enabled || user.deletedAt !== null) return null;
    const { storeId, organizationId } = user;
    return { storeId, organizationId, grants: structuredClone(this.database.grants.get(userId) ?? []) };
  }

  async findOrganizationOfStore(storeId: string): Promise<string | null> {
    return this.database.storeOrganizations.get(storeId) ?? null;
  }
}
