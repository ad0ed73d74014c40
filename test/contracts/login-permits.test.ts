// Login locks and rate limits in the real table, as several replicas use them.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";
import { Pool } from "pg";
import { RateLimiterPostgres } from "rate-limiter-flexible";
import { PostgresLoginPermits } from "../../apps/api-gateway/src/limits/login-permits.ts";
import { eventually } from "../support/eventually.ts";

const limit = "login-account";
let pool: Pool;
let queries = 0;
let permits: PostgresLoginPermits;

beforeAll(async () => {
  const { url } = await (await useStack()).createDatabase();
  pool = new Pool({ connectionString: url, max: 8 });
  const query = pool.query.bind(pool) as (...args: unknown[]) => unknown;
  const counting = (...args: unknown[]) => {
    queries += 1;
    return query(...args);
  };
  Object.assign(pool, { query: counting });
  permits = new PostgresLoginPermits(pool, { heldMs: 60_000, limit });
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  await pool?.end();
});

const taken = async (key: string, holder: string) => (await permits.take(key, holder)).taken;

test("of many at once one gets the permit, and the next when it is given back; others are free", async () => {
  const holders = Array.from({ length: 20 }, (_, i) => `holder-${i}`);
  const attempts = await Promise.all(holders.map((holder) => taken("ada", holder)));
  const winners = holders.filter((_, i) => attempts[i]);
  expect(winners).toHaveLength(1);
  expect(await taken("bob", "other")).toBe(true);
  await permits.release("ada", "not its holder", 0);
  expect(await taken("ada", "next")).toBe(false);
  await permits.release("ada", winners[0] as string, 0);
  expect(await taken("ada", "next")).toBe(true);
});

test("a pause keeps the permit taken, and ends by itself", async () => {
  expect(await taken("eve", "first")).toBe(true);
  const before = performance.now();
  await permits.release("eve", "first", 200);
  await eventually(async () => expect(await taken("eve", "second")).toBe(true));
  expect(performance.now() - before).toBeGreaterThan(190);
  await permits.release("eve", "first", 0);
  expect(await taken("eve", "third")).toBe(false);
});

test("a holder that died is overtaken when its time is over, and can't give back what is another's", async () => {
  const short = new PostgresLoginPermits(pool, { heldMs: 500, limit });
  expect((await short.take("joe", "dead")).taken).toBe(true);
  expect(await taken("joe", "next")).toBe(false);
  await eventually(async () => expect(await taken("joe", "next")).toBe(true));
  await short.release("joe", "dead", 0);
  expect(await taken("joe", "third")).toBe(false);
});

test("taking it reads what the library counted, as the library reads it, in the same round trip", async () => {
  const library = (duration: number) =>
    new RateLimiterPostgres({
      storeClient: pool,
      storeType: "pool",
      tableName: "rate_limits",
      tableCreated: true,
      keyPrefix: limit,
      points: 10,
      duration,
      clearExpiredByTimeout: false,
    });
  expect((await permits.take("nobody", "a")).counted).toBeNull();
  for (const [key, duration] of [
    ["counted", 60],
    ["endless", 0],
  ] as const) {
    const limiter = library(duration);
    for (let i = 0; i < 3; i++) await limiter.penalty(key);
    const before = queries;
    const { counted } = await permits.take(key, "a");
    expect(queries - before).toBe(1);
    const theirs = await limiter.get(key);
    expect(counted?.consumedPoints).toBe(3);
    expect(counted?.consumedPoints).toBe(theirs?.consumedPoints as number);
    expect(Math.abs(Number(counted?.msBeforeNext) - Number(theirs?.msBeforeNext))).toBeLessThan(1000);
    // Who does not get the place learns it too.
    expect((await permits.take(key, "b")).counted?.consumedPoints).toBe(3);
  }
  const brief = library(0.05);
  await brief.penalty("over");
  await eventually(async () => expect(await brief.get("over")).toBeNull());
  expect((await permits.take("over", "a")).counted).toBeNull();
});

test("its writes are not logged ahead, so that no login waits for the disk", async () => {
  const { rows } = await pool.query("SELECT relpersistence FROM pg_class WHERE relname LIKE 'login_locks%'");
  expect(rows).toEqual([{ relpersistence: "u" }, { relpersistence: "u" }]);
});
