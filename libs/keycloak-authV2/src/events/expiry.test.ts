import { expect, test } from "bun:test";
import { DatabaseTimeoutError } from "@libs/database";
import { createSyncFixture } from "../testing/sync-fixture.ts";
import { createExpirySweep } from "./expiry.ts";

test("goes on at once while sessions are due, and halves a batch that times out", async () => {
  const { deps, registry } = createSyncFixture();
  const limits: number[] = [];
  const answers = [
    async () => ({ checked: 1_000, ended: 0 }),
    () => Promise.reject(new DatabaseTimeoutError()),
    () => Promise.reject(new DatabaseTimeoutError()),
    async () => ({ checked: 250, ended: 3 }),
    async () => ({ checked: 0, ended: 0 }),
  ];
  const endExpired = async (_: Date, limit: number) => {
    limits.push(limit);
    return await (answers.shift() as (typeof answers)[number])();
  };
  const sweep = createExpirySweep({ ...deps, sessions: { endExpired } });
  const handled = [];
  for (let runs = 0; runs < 5; runs++) handled.push(await sweep.run());
  expect(handled).toEqual([1_000, 1, 1, 250, 0]);
  expect(limits).toEqual([1_000, 1_000, 500, 250, 500]);
  expect(await registry.metrics()).toContain("session_expiry_failures_total 2");
});

test("any other failure is the sweep's own, and counted too", async () => {
  const { deps, registry } = createSyncFixture();
  const endExpired = () => Promise.reject(new Error("no such column"));
  const sweep = createExpirySweep({ ...deps, sessions: { endExpired } });
  await expect(sweep.run()).rejects.toThrow("no such column");
  expect(await registry.metrics()).toContain("session_expiry_failures_total 1");
});
