import type { KeycloakProfile, User, UserRepository } from "../user-repository.ts";
import { type InMemoryDatabase, keycloakFields, newUser, sameName } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemoryUserRepository implements UserRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async findById(id: string): Promise<User | null> {
    return structuredClone(this.database.users.get(id) ?? null);
  }

  async findByUsername(username: string): Promise<User | null> {
    return this.findLive((user) => sameName(user.username, username));
  }

  async findByEmail(email: string): Promise<User | null> {
    return this.findLive((user) => user.email !== null && sameName(user.email, email));
  }

  async upsertProfile(
    profile: KeycloakProfile,
    now: Date,
    { ignoreUnfinished = false }: { ignoreUnfinished?: boolean } = {},
  ): Promise<User> {
    const { users } = this.database;
    if (!ignoreUnfinished) this.database.assertMayInsert(profile);
    this.database.assertNamesFree(profile);
    const user = {
      ...(users.get(profile.id) ?? newUser(profile, now)),
      ...keycloakFields(profile),
      ...{ syncedAt: now, updatedAt: now, deletedAt: null },
    };
    users.set(profile.id, user);
    return structuredClone(user);
  }

  async markDeleted(id: string, now: Date): Promise<boolean> {
    const user = this.database.users.get(id);
    if (!user || user.deletedAt) return false;
    this.database.users.set(id, { ...user, deletedAt: now, updatedAt: now });
    return true;
  }

  private findLive(matches: (user: User) => boolean): User | null {
    for (const user of this.database.users.values()) {
      if (user.deletedAt === null && matches(user)) return structuredClone(user);
    }
    return null;
  }
}
