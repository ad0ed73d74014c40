// Replicas of the version before go on under the old names of tables, beside replicas of this one.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { migrate } from "@libs/database/migrate";
import { STACK_TIMEOUT_MS, type TestDatabase, useStack } from "@libs/dev-stack";
import { inspectSchema } from "@libs/postgres/schema-check";
import { Client } from "pg";
import { PostgresLoginPermits } from "../../apps/api-gateway/src/limits/login-permits.ts";
import { migrateUpTo } from "../support/earlier-schema.ts";

const RENAMING = "20261128001000_scans_and_login_locks";
const account = `test_account_${randomUUID().slice(0, 8)}`;
const run = randomUUID();

let database: TestDatabase;
let owner: Client;
/** Stays connected across the update, with the statements that it has prepared. */
let before: Client;

beforeAll(async () => {
  database = await (await useStack()).createDatabase();
  await migrateUpTo(database.url, RENAMING);
  owner = await connected();
  await owner.query(`CREATE ROLE ${account}`);
  await owner.query(`GRANT USAGE ON SCHEMA public TO ${account}`);
  await owner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${account}`);
  before = await connected();
  await before.query(`SET ROLE ${account}`);
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await before?.end();
  await owner?.query(`DROP OWNED BY ${account}`);
  await owner?.query(`DROP ROLE ${account}`);
  await owner?.end();
  await database?.drop();
});

async function connected(): Promise<Client> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  return client;
}

/** The statements of the version before. */
const EARLIER = {
  take: `
    WITH slot AS (
      INSERT INTO login_turns AS held (key, until, holder)
      VALUES ($1, clock_timestamp() + $3 * interval '1 millisecond', $2)
      ON CONFLICT (key) DO UPDATE SET until = excluded.until, holder = excluded.holder
        WHERE held.until <= clock_timestamp()
      RETURNING key
    )
    SELECT key FROM slot`,
  pause:
    "UPDATE login_turns SET until = clock_timestamp() + $3 * interval '1 millisecond' WHERE key = $1 AND holder = $2",
  free: "DELETE FROM login_turns WHERE key = $1 AND holder = $2",
  prune: `
    DELETE FROM login_turns WHERE key IN (
      SELECT key FROM login_turns WHERE until <= clock_timestamp() LIMIT $1 FOR UPDATE SKIP LOCKED)`,
  mark: `
    INSERT INTO walk_seen (run_id, user_id) SELECT $1::uuid, id FROM unnest($2::text[]) AS page (id)
    ON CONFLICT DO NOTHING`,
  countUnseen: `
    SELECT FROM unnest($2::text[]) AS users (id)
    WHERE NOT EXISTS (SELECT FROM walk_seen WHERE run_id = $1::uuid AND user_id = users.id)`,
  forget: `
    DELETE FROM walk_seen WHERE ctid = ANY(ARRAY(SELECT ctid FROM walk_seen WHERE run_id = $1::uuid LIMIT $2))`,
} as const;

async function rows(name: keyof typeof EARLIER, ...values: unknown[]): Promise<number> {
  return (await before.query({ name, text: EARLIER[name], values })).rowCount ?? 0;
}

async function statementsOfBefore() {
  return {
    taken: [await rows("take", "ada", "a", 60_000), await rows("take", "ada", "b", 60_000)],
    paused: [await rows("pause", "ada", "b", 0), await rows("pause", "ada", "a", -1)],
    overtaken: await rows("take", "ada", "b", -1),
    pruned: await rows("prune", 10),
    freed: [await rows("take", "ada", "c", 60_000), await rows("free", "ada", "c")],
    marked: [await rows("mark", run, ["1", "2", "3"]), await rows("mark", run, ["3", "4"])],
    unseen: await rows("countUnseen", run, ["1", "5"]),
    forgotten: [await rows("forget", run, 3), await rows("forget", run, 3), await rows("forget", run, 3)],
  };
}

test("every statement of theirs does what it did, with the rights that the account had", async () => {
  const expected = {
    taken: [1, 0],
    paused: [0, 1],
    overtaken: 1,
    pruned: 1,
    freed: [1, 1],
    marked: [3, 1],
    unseen: 1,
    forgotten: [3, 1, 0],
  };
  expect(await statementsOfBefore()).toEqual(expected);
  await migrate(database.url);
  expect(await statementsOfBefore()).toEqual(expected);
});

test("they and replicas of this version see the same locks and the same users", async () => {
  const permits = new PostgresLoginPermits(owner as never, { heldMs: 60_000, limit: "none" });
  expect((await permits.take("eve", "new")).taken).toBe(true);
  expect(await rows("take", "eve", "old", 60_000)).toBe(0);
  await permits.release("eve", "new", 0);
  expect(await rows("take", "eve", "old", 60_000)).toBe(1);
  expect((await permits.take("eve", "new")).taken).toBe(false);
  await owner.query("INSERT INTO scan_seen (run_id, user_id) VALUES ($1, 'new')", [run]);
  expect(await rows("countUnseen", run, ["new"])).toBe(0);
});

test("their check of the schema finds the old names, and its rights", async () => {
  const tables = { login_turns: ["key", "until", "holder"], walk_seen: ["run_id", "user_id"] };
  const rights = { login_turns: ["INSERT", "UPDATE", "DELETE"], walk_seen: ["INSERT", "DELETE"] } as const;
  const expected = { migrations: [], tables, triggers: {}, sequences: [] };
  const facts = await inspectSchema(database.url, { expected, rights, timeoutMs: 10_000 });
  expect(facts).toMatchObject({ empty: false, missing: [], demanded: [], forbidden: [] });
});
