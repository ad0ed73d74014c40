import type { Activity, ActivityRepository } from "../activity-repository.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemoryActivityRepository implements ActivityRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async append(activity: Omit<Activity, "id">): Promise<void> {
    this.database.log(activity);
  }

  async listByUser(userId: string, limit: number): Promise<Activity[]> {
    const newestFirst = this.database.activities
      .filter((activity) => activity.userId === userId)
      .sort((a, b) => b.at.getTime() - a.at.getTime() || Number(b.id) - Number(a.id));
    return structuredClone(newestFirst.slice(0, limit));
  }
}
