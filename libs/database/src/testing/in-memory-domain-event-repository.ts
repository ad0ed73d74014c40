import { COUNTED_AT_MOST } from "../ports/counted-at-most.ts";
import type { DomainEvent, DomainEventRepository, EventSubscription, SqlExecutor } from "../ports/domain-event.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

/** Passes the contract of the real one, SQL excepted. */
export class InMemoryDomainEventRepository implements DomainEventRepository {
  #dispatching = false;

  constructor(private readonly database: InMemoryDatabase) {}

  async subscribe(subscription: EventSubscription): Promise<void> {
    this.database.subscriptions.set(subscription.name, structuredClone(subscription));
  }

  async unsubscribe(name: string): Promise<boolean> {
    return this.database.subscriptions.delete(name);
  }

  async listSubscriptions(): Promise<EventSubscription[]> {
    const byName = [...this.database.subscriptions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return structuredClone(byName);
  }

  async dispatch(
    limit: number,
    hand: (events: DomainEvent[], subscriptions: EventSubscription[], db: SqlExecutor) => Promise<void>,
  ): Promise<number> {
    if (this.#dispatching) return 0;
    this.#dispatching = true;
    try {
      const events = structuredClone(this.database.domainEvents.slice(0, limit));
      if (events.length > 0) await hand(events, await this.listSubscriptions(), { executeSql: refuseSql });
      this.database.domainEvents.splice(0, events.length);
      return events.length;
    } finally {
      this.#dispatching = false;
    }
  }

  async countWaiting(): Promise<{ count: number; oldestAt: Date | null }> {
    const times = this.database.domainEvents.map(({ at }) => at.getTime());
    return {
      count: Math.min(times.length, COUNTED_AT_MOST),
      oldestAt: times.length === 0 ? null : new Date(Math.min(...times)),
    };
  }
}

async function refuseSql(): Promise<never> {
  throw new Error("there is no SQL in memory");
}
