import { beforeEach, expect, test } from "bun:test";
import { WatchedCache } from "./watched-cache.ts";

let now: number;
let isWatched: boolean;
let stored: Map<string, object>;
let reads: number;
/** Runs within a look-up, after it has read. */
let meanwhile: () => void;
let cache: WatchedCache<object>;

beforeEach(() => {
  now = 0;
  isWatched = true;
  stored = new Map([["a", { alive: true }]]);
  reads = 0;
  meanwhile = () => {};
  cache = new WatchedCache(
    async (key) => {
      reads += 1;
      const value = stored.get(key) ?? null;
      await Promise.resolve();
      meanwhile();
      return value;
    },
    { max: 10, isWatched: () => isWatched, staleMs: 2000, absentMs: 1000, now: () => now },
  );
});

test("asks once, for all who ask at the same time, and then not again", async () => {
  await Promise.all([cache.get("a"), cache.get("a"), cache.get("a")]);
  now = 1e9;
  expect(cache.get("a")).toEqual({ alive: true });
  expect(reads).toBe(1);
});

test("a change that is reported during the look-up is not overwritten by it", async () => {
  meanwhile = () => {
    meanwhile = () => {};
    stored.delete("a");
    cache.forget("a");
  };
  expect(await cache.get("a")).toBeNull();
  expect(cache.peek("a")).toBeNull();
  expect(reads).toBe(2);
});

test("who asks after a change does not get the answer of before", async () => {
  const before = cache.get("a");
  stored.set("a", { alive: false });
  cache.forget("a");
  expect(await cache.get("a")).toEqual({ alive: false });
  await before;
  expect(cache.peek("a")).toEqual({ alive: false });
});

test("endless changes: an answer, but none that is kept", async () => {
  meanwhile = () => cache.forgetAll();
  expect(await cache.get("a")).toEqual({ alive: true });
  expect(cache.peek("a")).toBeUndefined();
  expect(reads).toBe(3);
});

test("unwatched, an answer is good for its time", async () => {
  isWatched = false;
  await cache.get("a");
  now = 2000;
  expect(cache.peek("a")).toEqual({ alive: true });
  now = 2001;
  expect(cache.peek("a")).toBeUndefined();
});

test('"there is none" is good for a second, watched or not', async () => {
  expect(await cache.get("b")).toBeNull();
  stored.set("b", {});
  now = 1000;
  expect(cache.peek("b")).toBeNull();
  now = 1001;
  expect(await cache.get("b")).toEqual({});
});

test("a look-up that fails is not kept", async () => {
  meanwhile = () => {
    throw new Error("away");
  };
  expect(cache.get("a") as Promise<unknown>).rejects.toThrow("away");
  await Promise.resolve(cache.get("a")).catch(() => {});
  meanwhile = () => {};
  expect(await cache.get("a")).toEqual({ alive: true });
});

test("keeps no more than its size", async () => {
  for (let n = 0; n < 50; n++) await cache.get(String(n));
  expect(cache.size).toBe(10);
});
