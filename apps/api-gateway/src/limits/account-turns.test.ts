import { expect, test } from "bun:test";
import { AccountTurns } from "./account-turns.ts";
import { RateLimited } from "./rate-limited.ts";

const limited = (call: Promise<unknown>) => expect(call).rejects.toBeInstanceOf(RateLimited);

test("one at a time for an account, in the order they came; others are not held up", async () => {
  const turns = new AccountTurns({ waitMs: 5000, waiting: 10 });
  const order: string[] = [];
  await turns.begin("ada");
  const waiting = ["1", "2"].map((name) => turns.begin("ada").then(() => order.push(name)));
  await turns.begin("bob");
  expect(order).toEqual([]);
  turns.end("ada");
  await waiting[0];
  expect(order).toEqual(["1"]);
  turns.end("ada");
  await waiting[1];
  expect(order).toEqual(["1", "2"]);
});

test("a pause keeps the next one waiting, who comes later too", async () => {
  const turns = new AccountTurns({ waitMs: 5000, waiting: 10 });
  await turns.begin("ada");
  const before = performance.now();
  turns.end("ada", 60);
  await turns.begin("ada");
  expect(performance.now() - before).toBeGreaterThan(50);
});

test("who waits too long, or finds too many waiting, is told to come back, and the turn goes on to the next", async () => {
  const turns = new AccountTurns({ waitMs: 30, waiting: 1 });
  await turns.begin("ada");
  const late = turns.begin("ada");
  await limited(turns.begin("ada"));
  await limited(late);
  turns.end("ada");
  await turns.begin("ada");
});
