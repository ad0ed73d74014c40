import { expect, test } from "bun:test";
import { DatabaseTimeoutError } from "@libs/database";
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

test("a table that fails is logged and counted each time, and the others have their turn", async () => {
  const { deps, registry } = createSyncFixture();
  const limits: number[] = [];
  deps.retention.deleteEndedSessions = async (_, limit) => {
    limits.push(limit);
    throw new DatabaseTimeoutError();
  };
  deps.retention.deleteFinishedRegistrations = async () => {
    throw new Error("no such column");
  };
  const activities: number[] = [];
  deps.retention.deleteOldActivities = async (_, limit) => activities.push(limit);
  const logged: unknown[] = [];
  deps.logger = { ...deps.logger, error: (fields: object) => void logged.push(fields) } as typeof deps.logger;
  const sweep = pruneSweep(deps);
  await sweep.run();
  await sweep.run();
  // Halved, not repeated as it was.
  expect(limits).toEqual([5_000, 2_500]);
  expect(activities).toEqual([5_000, 5_000]);
  expect(logged).toHaveLength(4);
  expect(logged).toContainEqual(expect.objectContaining({ table: "sessions", rows: 2_500 }));
  const metrics = await registry.metrics();
  expect(metrics).toContain('prune_failures_total{table="sessions"} 2');
  expect(metrics).toContain('prune_failures_total{table="registrations"} 2');
  expect(metrics).toContain('pruned_rows_total{table="activity_logs"} 3');
});

test("what can't be removed one by one either waits for the next hour", async () => {
  const { deps } = createSyncFixture();
  deps.retention.deleteEndedSessions = () => Promise.reject(new DatabaseTimeoutError());
  const sweep = pruneSweep(deps);
  let runs = 1;
  while ((await sweep.run()) > 0) runs += 1;
  expect(runs).toBe(13);
});
