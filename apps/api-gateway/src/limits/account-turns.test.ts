import { expect, test } from "bun:test";
import { AccountTurns } from "./account-turns.ts";
import { RateLimited } from "./rate-limited.ts";

const never = () => false;
const always = () => true;
const limited = (call: Promise<unknown>) => expect(call).rejects.toBeInstanceOf(RateLimited);

test("one attempt per account at a time, in the order they came; others are not held up", async () => {
  const turns = new AccountTurns({ failurePauseMs: 0, waitMs: 5000, waiting: 10 });
  const log: string[] = [];
  const attempt = (name: string) => async () => {
    log.push(`${name} begins`);
    await Bun.sleep(5);
    log.push(`${name} ends`);
  };
  await Promise.all([
    turns.run("ada", attempt("1"), never),
    turns.run("ada", attempt("2"), never),
    turns.run("bob", attempt("b"), never),
  ]);
  expect(log.indexOf("b begins")).toBeLessThan(log.indexOf("1 ends"));
  expect(log.filter((entry) => !entry.startsWith("b"))).toEqual(["1 begins", "1 ends", "2 begins", "2 ends"]);
});

test("a failure keeps the next one waiting, a success does not", async () => {
  const turns = new AccountTurns({ failurePauseMs: 60, waitMs: 5000, waiting: 10 });
  const timed = async () => {
    const before = performance.now();
    await turns.run("ada", async () => {}, always);
    return performance.now() - before;
  };
  await expect(turns.run("ada", () => Promise.reject(new Error("wrong")), always)).rejects.toThrow("wrong");
  expect(await timed()).toBeGreaterThan(50);
  expect(await timed()).toBeLessThan(50);
});

test("who waits too long, or finds too many waiting, is told to come back, and the turn goes on to the next", async () => {
  const turns = new AccountTurns({ failurePauseMs: 0, waitMs: 30, waiting: 1 });
  const release = Promise.withResolvers<void>();
  const first = turns.run("ada", () => release.promise, never);
  const late = turns.run("ada", async () => "never", never);
  await limited(turns.run("ada", async () => "never", never));
  await limited(late);
  release.resolve();
  await first;
  expect(await turns.run("ada", async () => "now", never)).toBe("now");
});
