import type { LeaseRepository } from "../ports/feed-repository.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";

/** Passes the contract of the real one. */
export class InMemoryLeaseRepository implements LeaseRepository {
  constructor(private readonly database: InMemoryDatabase) {}

  async take(name: string, holder: string, ttlMs: number): Promise<bigint | null> {
    const now = this.database.clock();
    const held = this.database.leases.get(name);
    const over = held !== undefined && held.until <= now;
    if (held && held.holder !== holder && !over) return null;
    const fence = !held ? 1n : over ? held.fence + 1n : held.fence;
    this.database.leases.set(name, { holder, until: new Date(now.getTime() + ttlMs), fence });
    return fence;
  }

  async release(name: string, holder: string): Promise<void> {
    const held = this.database.leases.get(name);
    if (held?.holder === holder) held.until = new Date(0);
  }

  async now(): Promise<Date> {
    return this.database.clock();
  }
}
