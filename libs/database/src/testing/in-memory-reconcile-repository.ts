import type { NoticeKind } from "../ports/feed-repository.ts";
import type { DatedUser, IdleSession, ReconcileRepository, UserCounts } from "../ports/reconcile-repository.ts";
import type { User } from "../ports/user-repository.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemoryReconcileRepository implements ReconcileRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async countUsers(): Promise<UserCounts> {
    return countsOf(this.#live());
  }

  async countCreatedBetween(from: Date, to: Date): Promise<UserCounts> {
    const ids = new Set((await this.listCreatedBetween(from, to, null, Number.MAX_SAFE_INTEGER)).map(({ id }) => id));
    return countsOf(this.#live().filter(({ id }) => ids.has(id)));
  }

  async countUpTo(id: string, ids: readonly string[]): Promise<number> {
    return ids.filter((other) => other <= id).length;
  }

  async foldCounts(): Promise<number> {
    return 0;
  }

  async nextBoundary(after: Date, users: number): Promise<Date | null> {
    return this.#dated().filter(({ createdAt }) => createdAt > after)[users - 1]?.createdAt ?? null;
  }

  async listCreatedBetween(from: Date, to: Date, after: DatedUser | null, limit: number): Promise<DatedUser[]> {
    return this.#dated()
      .filter((user) => user.createdAt >= from && user.createdAt <= to && (!after || byTime(user, after) > 0))
      .slice(0, limit);
  }

  async recordCreatedTimes(users: readonly DatedUser[]): Promise<void> {
    for (const { id, createdAt } of users)
      if (this.database.users.has(id)) this.database.keycloakTimes.set(id, createdAt);
  }

  async listUndated(after: string, users: number): Promise<{ ids: string[]; last: string | null }> {
    const page = [...this.database.users.values()]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .filter(({ id }) => id > after)
      .slice(0, users);
    const undated = page.filter(({ id, deletedAt }) => !deletedAt && !this.database.keycloakTimes.has(id));
    return { ids: undated.map(({ id }) => id), last: page.at(-1)?.id ?? null };
  }

  async listIdleSessions(
    after: string,
    provenSince: Date,
    users: number,
  ): Promise<{ sessions: IdleSession[]; last: string | null }> {
    const live = [...this.database.sessions.values()].filter(({ endedAt, userId }) => !endedAt && userId > after);
    const next = [...new Set(live.map(({ userId }) => userId))].sort().slice(0, users);
    const sessions = live
      .filter(({ userId }) => next.includes(userId))
      .map(({ refreshedAt, ...session }) => {
        const { sessionId, userId, keycloakSessionId, refreshExpiresAt, startedAt, offline, keptAsOf } = session;
        const facts = { sessionId, userId, keycloakSessionId, refreshExpiresAt, startedAt, offline, keptAsOf };
        const user = this.database.users.get(userId);
        const userMayLogIn = user?.enabled === true && user.deletedAt === null;
        const idle = startedAt < provenSince && (refreshedAt === null || refreshedAt < provenSince);
        return { ...facts, userMayLogIn, idle };
      })
      .filter(({ idle, userMayLogIn }) => idle || !userMayLogIn)
      .sort((a, b) => (`${a.userId} ${a.sessionId}` < `${b.userId} ${b.sessionId}` ? -1 : 1))
      .map(({ idle: _, ...session }) => session);
    return { sessions, last: next.at(-1) ?? null };
  }

  async findDeadLetters(kind: NoticeKind, subjects: readonly string[]): Promise<string[]> {
    return [...this.database.notices.values()]
      .filter((notice) => notice.kind === kind && notice.deadAt !== null && subjects.includes(notice.subject))
      .map(({ subject }) => subject);
  }

  #live() {
    return [...this.database.users.values()].filter(({ deletedAt }) => deletedAt === null);
  }

  #dated(): DatedUser[] {
    const { keycloakTimes } = this.database;
    return this.#live()
      .flatMap(({ id }) => {
        const createdAt = keycloakTimes.get(id);
        return createdAt ? [{ id, createdAt }] : [];
      })
      .sort(byTime);
  }
}

function countsOf(users: readonly User[]): UserCounts {
  return {
    live: users.length,
    enabled: users.filter(({ enabled }) => enabled).length,
    emailVerified: users.filter(({ emailVerified }) => emailVerified).length,
  };
}

function byTime(a: DatedUser, b: DatedUser): number {
  return a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : Number(a.id > b.id));
}
