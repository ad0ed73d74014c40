import { expect, test } from "bun:test";
import { ReadPace } from "./read-pace.ts";

const users = (count: number) => ({ users: Array.from({ length: count }) });

test("no more reads at once than asked for", async () => {
  const pace = new ReadPace({ concurrency: 2 });
  let running = 0;
  let most = 0;
  const read = async () => {
    running += 1;
    most = Math.max(most, running);
    await Bun.sleep(2);
    running -= 1;
    return users(1);
  };
  await Promise.all(Array.from({ length: 8 }, () => pace.read(1, read)));
  expect(most).toBe(2);
});

test("half as many when answers slow down, more again little by little", () => {
  const pace = new ReadPace({ concurrency: 4 });
  for (let page = 0; page < 30; page += 1) pace.observe(200, 500);
  pace.observe(5_000, 500);
  pace.observe(200, 500);
  expect(pace.concurrency).toBe(4);
  for (let page = 0; page < 3; page += 1) pace.observe(1_500, 500);
  expect(pace.concurrency).toBe(2);
  for (let page = 0; page < 9; page += 1) pace.observe(1_500, 500);
  expect(pace.concurrency).toBe(0.5);
  for (let page = 0; page < 16; page += 1) pace.observe(200, 500);
  expect(pace.concurrency).toBeGreaterThan(1);
  expect(pace.concurrency).toBeLessThan(2.5);
});

test("what stays slow is how fast Keycloak is: after a while it is read at full pace again", () => {
  const pace = new ReadPace({ concurrency: 2 });
  for (let page = 0; page < 60; page += 1) pace.observe(200, 500);
  for (let page = 0; page < 20; page += 1) pace.observe(1_500, 500);
  expect(pace.concurrency).toBe(0.5);
  for (let page = 0; page < 40; page += 1) pace.observe(1_500, 500);
  expect(pace.concurrency).toBe(2);
});

test("short answers say nothing", () => {
  const pace = new ReadPace({ concurrency: 2 });
  for (let page = 0; page < 10; page += 1) pace.observe(100, 500);
  for (let page = 0; page < 10; page += 1) pace.observe(500, 10);
  expect(pace.concurrency).toBe(2);
});

test("no more users a second than asked for", async () => {
  const pace = new ReadPace({ concurrency: 2, maxRate: 1_000 });
  const started = performance.now();
  for (let page = 0; page < 3; page += 1) await pace.read(200, async () => users(200));
  const tookMs = performance.now() - started;
  expect(tookMs).toBeGreaterThan(350);
  expect(tookMs).toBeLessThan(1_500);
});
