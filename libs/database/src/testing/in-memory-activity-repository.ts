import type { Activity, ActivityPosition, ActivityRepository, FailedLogin } from "../ports/activity-repository.ts";
import { type InMemoryDatabase, sameName } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemoryActivityRepository implements ActivityRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async append(activity: Omit<Activity, "id">): Promise<void> {
    this.database.log(activity);
  }

  async appendFailedLogin({ name, reason, at, ipAddress, userAgent }: FailedLogin): Promise<void> {
    const live = [...this.database.users.values()].filter(({ deletedAt }) => deletedAt === null);
    const user =
      live.find(({ username }) => sameName(username, name)) ??
      live.find(({ email }) => email !== null && sameName(email, name));
    const userId = user?.id ?? null;
    this.database.log({ userId, type: "login.failed", at, ipAddress, userAgent, details: { reason } });
  }

  async listByUser(userId: string, limit: number, before?: ActivityPosition): Promise<Activity[]> {
    const newestFirst = this.database.activities
      .filter((activity) => activity.userId === userId && (!before || isOlder(activity, before)))
      .sort((a, b) => b.at.getTime() - a.at.getTime() || Number(b.id) - Number(a.id));
    return structuredClone(newestFirst.slice(0, limit));
  }
}

function isOlder({ at, id }: ActivityPosition, before: ActivityPosition): boolean {
  return at < before.at || (at.getTime() === before.at.getTime() && BigInt(id) < BigInt(before.id));
}
