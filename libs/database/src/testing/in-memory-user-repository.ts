import type { KeycloakTicket } from "../ports/feed-repository.ts";
import type { AppliedProfile, ApplyOptions, KeycloakProfile, User, UserRepository } from "../ports/user-repository.ts";
import { applyInMemory } from "./apply-in-memory.ts";
import { type InMemoryDatabase, sameName } from "./in-memory-database.ts";
import { InMemoryFeedRepository } from "./in-memory-feed-repository.ts";

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

  async findByIds(ids: readonly string[]): Promise<User[]> {
    return structuredClone([...this.database.users.values()].filter(({ id }) => ids.includes(id)));
  }

  async findHolders(profiles: readonly KeycloakProfile[]): Promise<User[]> {
    const holds = (user: User) =>
      profiles.some(
        ({ username, email }) =>
          sameName(user.username, username) || (email !== null && sameName(user.email ?? "", email)),
      );
    const own = new Set(profiles.map(({ id }) => id));
    const live = [...this.database.users.values()].filter(({ id, deletedAt }) => deletedAt === null && !own.has(id));
    return structuredClone(live.filter(holds));
  }

  async applyProfiles(
    profiles: readonly KeycloakProfile[],
    ticket: KeycloakTicket,
    now: Date,
    options: ApplyOptions = {},
  ): Promise<AppliedProfile[]> {
    const applied = applyInMemory(this.database, profiles, ticket, now, options);
    if (!options.leaveUnchanged) {
      const added = applied.filter(({ outcome }) => outcome === "inserted" || outcome === "revived");
      const notice = { kind: "user", source: "login", changedAt: null } as const;
      const notices = added.map(({ id }) => ({ ...notice, subject: id }));
      await new InMemoryFeedRepository(this.database).addNotices(notices, now);
    }
    return applied;
  }

  async markDeleted(id: string, now: Date, ticket?: KeycloakTicket): Promise<boolean> {
    const reading = ticket ?? ++this.database.ticket;
    const user = this.database.users.get(id);
    if (!user || (this.database.userTickets.get(id) ?? 0n) >= reading) return false;
    this.database.userTickets.set(id, ++this.database.ticket);
    if (user.deletedAt) return false;
    this.database.users.set(id, { ...user, deletedAt: now, updatedAt: now });
    this.database.record(id, { type: "user.deleted", payload: {} }, now);
    return true;
  }

  async countDeletedSince(since: Date): Promise<number> {
    return [...this.database.users.values()].filter(({ deletedAt }) => deletedAt && deletedAt >= since).length;
  }

  private findLive(matches: (user: User) => boolean): User | null {
    for (const user of this.database.users.values()) {
      if (user.deletedAt === null && matches(user)) return structuredClone(user);
    }
    return null;
  }
}
