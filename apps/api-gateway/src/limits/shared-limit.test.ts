import { afterAll, expect, test } from "bun:test";
import { Pool } from "pg";
import { RateLimited } from "./rate-limited.ts";
import { SharedLimit } from "./shared-limit.ts";

// Nothing listens there: what a limit does while the database is away. The table itself: test/limits.test.ts.
const pool = new Pool({ host: "127.0.0.1", port: 1, connectionTimeoutMillis: 500 });
afterAll(() => pool.end());

const policy = { name: "login-account", limit: 2, windowSeconds: 60 };

test("without the database each process counts for itself", async () => {
  const refused: string[] = [];
  const limit = new SharedLimit(policy, pool, (name) => refused.push(name));
  await limit.spend("ada");
  await limit.spend("ada");
  const error = await limit.spend("ada").catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(RateLimited);
  expect((error as RateLimited).headers).toMatchObject({
    "ratelimit-policy": '"login-account";q=2;w=60',
    ratelimit: expect.stringMatching(/^"login-account";r=0;t=(59|60)$/),
    "retry-after": expect.stringMatching(/^(59|60)$/),
  });
  expect(refused).toEqual(["login-account"]);
  await limit.spend("bob");
});

test("failures that were counted are judged, and forgotten when they are cleared", async () => {
  const limit = new SharedLimit(policy, pool);
  expect(await limit.judge("ada", undefined)).toBe(0);
  await limit.count("ada");
  expect(await limit.judge("ada", undefined)).toBe(1);
  await limit.clear("ada");
  expect(await limit.judge("ada", undefined)).toBe(0);
  await limit.count("ada");
  await limit.count("ada");
  expect(limit.judge("ada", undefined)).rejects.toBeInstanceOf(RateLimited);
  expect(limit.check("ada")).rejects.toBeInstanceOf(RateLimited);
});

test("0 turns it off", async () => {
  const limit = new SharedLimit({ ...policy, limit: 0 }, pool);
  for (let i = 0; i < 10; i++) await limit.spend("ada");
  await limit.count("ada");
  expect(await limit.judge("ada", undefined)).toBe(0);
});

test("a batch is written at once", async () => {
  const limit = new SharedLimit({ ...policy, limit: 6, batch: 3 }, pool);
  for (let i = 0; i < 6; i++) await limit.spend("ada");
  expect(limit.spend("ada")).rejects.toBeInstanceOf(RateLimited);
});
