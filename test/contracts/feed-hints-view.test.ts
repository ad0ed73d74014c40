// Replicas of the version before `change_notices` go on under its old name, `feed_hints`, with the rights that they had.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { createDatabase, createRepositories, type PrismaClient } from "@libs/database";
import { migrate } from "@libs/database/migrate";
import { STACK_TIMEOUT_MS, type TestDatabase, useStack } from "@libs/dev-stack";
import { migrateUpTo } from "../support/earlier-schema.ts";

const RENAMING = "20261128001100_change_notices";
const account = `test_account_${randomUUID().slice(0, 8)}`;
const NOW = new Date("2026-11-28T12:00:00Z");
const LATER = new Date("2026-11-28T12:01:00Z");

let database: TestDatabase;
let prisma: PrismaClient;

beforeEach(async () => {
  database = await (await useStack()).createDatabase();
  await migrateUpTo(database.url, RENAMING);
  prisma = createDatabase(database.url);
  for (const sql of [
    `CREATE ROLE ${account}`,
    `GRANT USAGE ON SCHEMA public TO ${account}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON feed_hints TO ${account}`,
    `GRANT USAGE ON SEQUENCE feed_hints_id_seq TO ${account}`,
  ])
    await prisma.$executeRawUnsafe(sql);
}, STACK_TIMEOUT_MS);

afterEach(async () => {
  await prisma.$executeRawUnsafe(`DROP OWNED BY ${account}`);
  await prisma.$executeRawUnsafe(`DROP ROLE ${account}`);
  await prisma.$disconnect();
  await database.drop();
});

/** The statements of the version before, as its account. */
async function asBefore<Row>(sql: string): Promise<Row[]> {
  const [, rows] = await prisma.$transaction([
    prisma.$executeRawUnsafe(`SET LOCAL ROLE ${account}`),
    prisma.$queryRawUnsafe<Row[]>(sql),
  ]);
  return rows;
}
const add = (subject: string, source = "full_look") =>
  asBefore(`INSERT INTO feed_hints AS hint (kind, subject, source, next_attempt_at, created_at)
    VALUES ('user', '${subject}', '${source}', '${NOW.toISOString()}', '${NOW.toISOString()}')
    ON CONFLICT (kind, subject) DO UPDATE SET version = hint.version + 1, looks = 0,
      source = CASE WHEN excluded.source = 'full_look' THEN hint.source ELSE excluded.source END`);

test("both versions share the rows: each claims, repeats and removes what the other recorded", async () => {
  await add("waits");
  await migrate(database.url);
  const { feed } = createRepositories(prisma);
  await add("waits");
  await feed.addNotices([{ kind: "user", subject: "new", source: "full_reconciliation", changedAt: null }], NOW);
  await add("new", "admin_events");

  const [claimed] = await asBefore<{ id: bigint; looks: number; source: string }>(`
    WITH due AS MATERIALIZED (
      SELECT id AS due_id FROM feed_hints WHERE dead_at IS NULL AND subject = 'waits'
      ORDER BY (source = 'full_look'), next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE feed_hints SET looks = looks + 1 FROM due WHERE id = due_id RETURNING id, looks, source`);
  expect(claimed).toMatchObject({ looks: 1, source: "full_look" });
  expect(await feed.claimDue(LATER, LATER, 10)).toMatchObject([
    { subject: "new", source: "admin_events", version: 2n, passes: 0 },
    { subject: "waits", source: "full_reconciliation", version: 2n, passes: 1 },
  ]);

  await asBefore(`
    WITH mine AS MATERIALIZED (
      SELECT hint.id AS mine_id FROM jsonb_to_recordset('[{"id": ${claimed?.id ?? 0}}]') AS claimed (id bigint)
        JOIN feed_hints hint ON hint.id = claimed.id ORDER BY hint.kind, hint.subject FOR UPDATE OF hint
    ), handled AS (DELETE FROM feed_hints WHERE id IN (SELECT mine_id FROM mine))
    UPDATE feed_hints SET created_at = now() FROM mine WHERE id = mine_id AND false`);
  expect(await feed.backlog()).toMatchObject({ waiting: 1 });
});

test("a full reconciliation that one version began is the other's", async () => {
  await prisma.$executeRaw`INSERT INTO sync_runs (id, kind, state, started_at, updated_at)
    VALUES (gen_random_uuid(), 'full_look', 'running', ${NOW}, ${NOW})`;
  await migrate(database.url);
  const { syncRuns } = createRepositories(prisma);
  expect(await syncRuns.findRunning("full_reconciliation")).toMatchObject({ kind: "full_reconciliation" });
});
