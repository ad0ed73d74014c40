import { describe, expect, test } from "bun:test";
import { fresh, type MakeSubject } from "./contract-subject.ts";

const LONG_MS = 60_000;

/** What every LeaseRepository and TicketRepository does. */
export function leaseRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: LeaseRepository`, () => {
    test("one of many gets it, and renews it under the same number", async () => {
      const { leases } = await makeSubject();
      const lease = fresh("lease");
      const holders = ["a", "b", "c", "d"];
      const taken = await Promise.all(holders.map((holder) => leases.take(lease, holder, LONG_MS)));
      expect(taken.filter((fence) => fence !== null)).toHaveLength(1);
      const index = taken.findIndex((fence) => fence !== null);
      const [holder = "", fence = null] = [holders[index], taken[index]];
      expect(await leases.take(lease, holder, LONG_MS)).toBe(fence);
      expect(await leases.take(lease, "e", LONG_MS)).toBeNull();
      expect(await leases.take(fresh("another"), "e", LONG_MS)).not.toBeNull();
    });

    test("one that is over goes to the next, with a higher number; renewed too late it is a new one", async () => {
      const { leases } = await makeSubject();
      const lease = fresh("lease");
      const first = (await leases.take(lease, "a", -1_000)) as bigint;
      const second = (await leases.take(lease, "a", -1_000)) as bigint;
      expect(second).toBeGreaterThan(first);
      const third = (await leases.take(lease, "b", LONG_MS)) as bigint;
      expect(third).toBeGreaterThan(second);
      expect(await leases.take(lease, "a", LONG_MS)).toBeNull();
    });

    test("only its holder gives it back, and the next gets a higher number", async () => {
      const { leases } = await makeSubject();
      const lease = fresh("lease");
      const first = (await leases.take(lease, "a", LONG_MS)) as bigint;
      await leases.release(lease, "b");
      expect(await leases.take(lease, "b", LONG_MS)).toBeNull();
      await leases.release(lease, "a");
      expect(await leases.take(lease, "b", LONG_MS)).toBeGreaterThan(first);
      await leases.release(fresh("nobody's"), "a");
    });

    test("the database gives its time", async () => {
      const { leases } = await makeSubject();
      const first = await leases.now();
      expect((await leases.now()).getTime()).toBeGreaterThanOrEqual(first.getTime());
    });
  });

  describe(`${name}: TicketRepository`, () => {
    test("every ticket is higher than those that were there before it was asked for", async () => {
      const { tickets } = await makeSubject();
      const first = await tickets.next();
      const many = await Promise.all(Array.from({ length: 20 }, () => tickets.next()));
      expect(new Set(many).size).toBe(20);
      for (const ticket of many) expect(ticket).toBeGreaterThan(first);
      const last = await tickets.next();
      for (const ticket of many) expect(last).toBeGreaterThan(ticket);
    });
  });
}
