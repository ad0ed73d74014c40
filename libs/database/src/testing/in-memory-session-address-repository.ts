import type { SessionAddress, SessionAddressRepository } from "../ports/session-address-repository.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemorySessionAddressRepository implements SessionAddressRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async sample(from: string, limit: number, since: Date): Promise<SessionAddress[]> {
    const live = [...this.database.sessions.values()]
      .filter(({ endedAt }) => endedAt === null)
      .sort((a, b) => (a.userId < b.userId ? -1 : 1));
    return [...live.filter(({ userId }) => userId >= from), ...live.filter(({ userId }) => userId < from)]
      .slice(0, limit)
      .filter(({ startedAt }) => startedAt >= since)
      .flatMap(({ userId, ipAddress }) => (ipAddress === null ? [] : [{ userId, ipAddress }]));
  }
}
