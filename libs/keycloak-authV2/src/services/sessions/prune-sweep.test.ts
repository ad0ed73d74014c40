import { expect, test } from "bun:test";
import { createSyncFixture } from "../../testing/sync-fixture.ts";
import { registerIdempotently } from "../registration/register-idempotently.ts";
import { pruneSweep } from "./prune-sweep.ts";

const day = 24 * 3_600_000;

test("removes what is past its time, and says when nothing is left to do", async () => {
  const { deps, database, clock } = createSyncFixture();
  const person = { username: "ada", email: "ada@example.com", firstName: "Ada", lastName: "Lovelace" };
  const user = await registerIdempotently(deps, { ...person, password: "correct horse battery" }, "key");
  await deps.feed.storeEvents({ source: "user_events", events: [{ id: "event", notices: [] }] }, deps.now());
  const sweep = pruneSweep(deps);
  expect(await sweep.run()).toBe(0);
  clock.now += day + 1;
  expect(await sweep.run()).toBe(2);
  expect([database.idempotencyKeys.size, database.seenEvents.size, database.registrations.size]).toEqual([0, 0, 1]);
  clock.now += 29 * day;
  expect(await sweep.run()).toBe(1);
  expect([database.registrations.size, database.users.has(user.id)]).toEqual([0, true]);
  expect(await sweep.run()).toBe(0);
  clock.now += 336 * day;
  expect(await sweep.run()).toBe(1);
  expect(database.activities).toEqual([]);
});

test("folds the counts of users, and goes on at once while batches are full", async () => {
  const { deps } = createSyncFixture();
  const folded = [5_000, 5_000, 3];
  deps.reconcile.foldCounts = async (limit) => {
    expect(limit).toBe(5_000);
    return folded.shift() ?? 0;
  };
  const sweep = pruneSweep(deps);
  expect([await sweep.run(), await sweep.run(), await sweep.run()]).toEqual([5_000, 5_000, 0]);
});
