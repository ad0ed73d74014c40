import { expect, test } from "bun:test";
import { createInMemoryRepositories, InMemoryDatabase } from "@libs/database/testing";
import { FeedLeader } from "./feed-leader.ts";
import { keepLease } from "./keep-lease.ts";

test("another replica does not get the lease while work takes longer than it holds, and gets it when it is given back", async () => {
  const database = new InMemoryDatabase();
  const clock = { now: 1_000_000 };
  database.clock = () => new Date(clock.now);
  const { leases } = createInMemoryRepositories(database);
  const leader = new FeedLeader(leases, () => clock.now, "reconcile");
  const fence = await leader.take();
  const result = await keepLease(
    leader,
    async () => {
      for (let step = 0; step < 5; step += 1) {
        clock.now += 4_000;
        const due = clock.now + 5_000;
        while ((database.leases.get("reconcile")?.until.getTime() ?? 0) < due) await Bun.sleep(1);
        expect(await leases.take("reconcile", "another", 5_000)).toBeNull();
      }
      return "done";
    },
    1,
  );
  expect(result).toBe("done");
  expect(await leader.take()).toBe(fence);
  await leader.release();
  expect(await leases.take("reconcile", "another", 5_000)).not.toBeNull();
});

test("a failure of the work is its own, one of the lease is not", async () => {
  const { leases } = createInMemoryRepositories(new InMemoryDatabase());
  const failing = { ...leases, take: () => Promise.reject(new Error("away")) };
  const leader = new FeedLeader(failing, () => 0, "reconcile");
  const work = async () => {
    await Bun.sleep(10);
    throw new Error("of the work");
  };
  await expect(keepLease(leader, work, 1)).rejects.toThrow("of the work");
});
