// Migrations of a database in use: indexes are built beside its traffic, and nobody waits for long behind a migration that
// waits. Whatever cuts a migration short, it is resumed, and Prisma understands what is there.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspectDatabase, type MigrateOptions, migrate } from "@libs/database/migrate";
import { openPrismaHistory } from "@libs/database/schema";
import { openTestPostgres, STACK_TIMEOUT_MS, type TestPostgres } from "@libs/dev-stack";
import { SQL } from "bun";
import { eventually } from "../support/eventually.ts";
import { MigrateProcess } from "../support/migrate-process.ts";
import { stopSupervisedRuns } from "../support/supervised-run.ts";

const MARK = "-- migrate: non-transactional\n";
const BUILD = 'CREATE INDEX CONCURRENTLY "people_email_idx" ON people (email)';
const TABLE = "20200101_table";
const INDEX = "20200102_index";
/** How long a migration waits in a queue with the server's own settings. Milliseconds. */
const LOCK_TIMEOUT_MS = 1_500;

let server: TestPostgres;
let root: SQL;
let url: string;
let name: string;
let sql: SQL;
let migrationsDir: string;
let lines: string[];

beforeAll(async () => {
  server = await openTestPostgres();
  root = new SQL(server.url("postgres"), { max: 1 });
}, STACK_TIMEOUT_MS);

beforeEach(async () => {
  name = `online_${randomUUID().slice(0, 8)}`;
  await root.unsafe(`CREATE DATABASE ${name}`);
  url = server.url(name);
  sql = new SQL(url, { max: 4 });
  migrationsDir = mkdtempSync(join(tmpdir(), "migrations-"));
  writeFileSync(join(migrationsDir, "migration_lock.toml"), 'provider = "postgresql"\n');
  lines = [];
  add(
    TABLE,
    "CREATE TABLE people (id bigserial PRIMARY KEY, email text); INSERT INTO people (email) VALUES ('a'), ('a')",
  );
  await run();
});

afterEach(async () => {
  await stopSupervisedRuns();
  await sql.close();
  await root.unsafe(`DROP DATABASE ${name} WITH (FORCE)`);
  rmSync(migrationsDir, { recursive: true });
});

afterAll(async () => {
  await root?.close();
  await server?.stop();
});

function add(migration: string, content: string): void {
  mkdirSync(join(migrationsDir, migration), { recursive: true });
  writeFileSync(join(migrationsDir, migration, "migration.sql"), content);
}

const run = (options: MigrateOptions = {}) =>
  migrate(url, { migrationsDir, report: (line) => lines.push(line), ...options });

const failureOf = (running: Promise<unknown>): Promise<string> =>
  running.then(
    () => "it did not fail",
    (error) => error.message,
  );

const rowOf = async (migration: string) => {
  const [row] = await sql`SELECT finished_at IS NOT NULL AS finished, applied_steps_count AS steps, logs
    FROM _prisma_migrations WHERE migration_name = ${migration} AND rolled_back_at IS NULL`;
  return row && { ...row };
};

const indexes = async () => [
  ...(await sql`SELECT c.relname AS name, i.indisvalid AS valid FROM pg_index i JOIN pg_class c ON c.oid = indexrelid
    WHERE indrelid = 'people'::regclass AND NOT indisprimary ORDER BY 1`),
];

/** The server processes of runs. */
const migrators = async () =>
  (
    await sql`SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'keycloak-sync-gateway migrate'`
  ).map(({ pid }: { pid: number }) => pid);

const built = [{ name: "people_email_idx", valid: true }];

/** A transaction that has read or written `people` and stays open. */
async function openTransaction(statement = "SELECT FROM people"): Promise<{ pid: number; end(): Promise<void> }> {
  const session = await sql.reserve();
  await session.unsafe("BEGIN");
  await session.unsafe(statement);
  const [{ pid }] = await session`SELECT pg_backend_pid() AS pid`;
  return {
    pid,
    end: async () => {
      await session.unsafe("COMMIT");
      session.release();
    },
  };
}

describe("an index that is built beside the traffic", () => {
  test("is applied step by step, and recorded as Prisma does", async () => {
    add(
      INDEX,
      `${MARK}ALTER TABLE people ADD COLUMN age int;\n${BUILD};\n-- and; out\nDROP INDEX CONCURRENTLY IF EXISTS gone;`,
    );
    expect(await run()).toEqual({ applied: [INDEX], already: 1 });
    expect(await rowOf(INDEX)).toEqual({ finished: true, steps: 3, logs: null });
    expect(await indexes()).toEqual(built);
    const prisma = await openPrismaHistory(url, migrationsDir);
    expect(await prisma.status()).toMatchObject({ failedMigrationNames: [], editedMigrationNames: [], history: null });
    expect(await prisma.deploy()).toEqual([]);
    expect(await run()).toEqual({ applied: [], already: 2 });
  });

  test("a procedure that commits by itself rewrites rows in batches", async () => {
    add(
      INDEX,
      `${MARK}CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN
        FOR n IN 1..2 LOOP UPDATE people SET email = 'c' WHERE id = n; COMMIT; END LOOP;
      END $$;
      CALL fill();
      DROP PROCEDURE fill();`,
    );
    expect((await run()).applied).toEqual([INDEX]);
    expect([...(await sql`SELECT DISTINCT email FROM people`)]).toEqual([{ email: "c" }]);
    expect(await rowOf(INDEX)).toEqual({ finished: true, steps: 3, logs: null });
  });

  test("without the mark it is refused, and the mark is named", async () => {
    add(INDEX, BUILD);
    const failure = await failureOf(run());
    expect(failure).toContain("cannot run inside a transaction block (25001)");
    expect(failure).toContain('begin its file with "-- migrate: non-transactional"');
    expect(await rowOf(INDEX)).toBeUndefined();
  });

  test("Prisma applies it as well, where it is the only statement", async () => {
    add(INDEX, `${MARK}${BUILD};\n`);
    const prisma = await openPrismaHistory(url, migrationsDir);
    expect(await prisma.deploy()).toEqual([INDEX]);
    expect(await run()).toEqual({ applied: [], already: 2 });
  });

  test("one that an operator has built before is taken as it is", async () => {
    await sql.unsafe(BUILD);
    const oid = () => sql`SELECT 'people_email_idx'::regclass::oid::int AS oid`;
    const [before] = await oid();
    add(INDEX, MARK + BUILD);
    await run();
    expect([...(await oid())]).toEqual([before]);
    expect(await rowOf(INDEX)).toMatchObject({ finished: true, steps: 1 });
  });

  test("one that somebody else is building is waited for, and taken as it is", async () => {
    add(INDEX, MARK + BUILD);
    const older = await openTransaction("UPDATE people SET email = 'b'");
    const building = sql.unsafe(BUILD).execute();
    await eventually(async () => expect(await indexes()).toEqual([{ name: "people_email_idx", valid: false }]));
    const running = run();
    await eventually(() => expect(lines.join("\n")).toContain("waits for a lock on people, held by process "));
    await older.end();
    await building;
    expect((await running).applied).toEqual([INDEX]);
    expect(lines.join("\n")).not.toContain("invalid index");
    expect(await indexes()).toEqual(built);
  }, 20_000);

  test("it waits for an older transaction, names it, and is built when that ends", async () => {
    add(INDEX, MARK + BUILD);
    const older = await openTransaction("UPDATE people SET email = 'b'");
    const running = run();
    await eventually(() => {
      expect(lines.join("\n")).toContain(`index people_email_idx: waiting for writers before build`);
      expect(lines.join("\n")).toContain(`waits for process ${older.pid} (`);
    });
    expect(lines.join("\n")).toContain("idle in transaction");
    expect(await rowOf(INDEX)).toEqual({ finished: false, steps: 0, logs: null });
    await older.end();
    expect((await running).applied).toEqual([INDEX]);
    expect(await indexes()).toEqual(built);
  });

  test("another run that waits for its turn does not stop it", async () => {
    add(INDEX, MARK + BUILD);
    const older = await openTransaction("UPDATE people SET email = 'b'");
    const first = run();
    await eventually(async () => expect(await indexes()).toHaveLength(1));
    const second = run();
    await eventually(() =>
      expect(lines.some((line) => line.startsWith("waits for another migration run: process"))).toBe(true),
    );
    await older.end();
    expect(await first).toEqual({ applied: [INDEX], already: 1 });
    expect(await second).toEqual({ applied: [], already: 2 });
    expect(lines.filter((line) => line.includes("invalid index"))).toEqual([]);
  }, 20_000);

  test("a Prisma that waits for its turn may stop it once; then it is built", async () => {
    add(INDEX, MARK + BUILD);
    const older = await openTransaction("UPDATE people SET email = 'b'");
    const first = run();
    await eventually(async () => expect(await indexes()).toHaveLength(1));
    const waiting = await sql.reserve();
    const locked = waiting`SELECT pg_advisory_lock(72707369)::text`.catch(() => {});
    await eventually(async () => {
      expect([...(await sql`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`)]).toHaveLength(1);
    });
    await older.end();
    expect(await first).toEqual({ applied: [INDEX], already: 1 });
    expect(await indexes()).toEqual(built);
    await locked;
    waiting.release();
  }, 20_000);
});

describe("a migration that is cut short in the middle of an index", () => {
  const ways: [string, (migrating: MigrateProcess) => Promise<unknown>, number][] = [
    ["its process is killed", (migrating) => migrating.kill(), 137],
    [
      "its connection is ended by the server",
      async () => {
        for (const pid of await migrators()) await sql`SELECT pg_terminate_backend(${pid})`;
      },
      1,
    ],
  ];
  test.each(ways)(
    "%s: Prisma and the doctor see it, and the next run resumes",
    async (_, cut, code) => {
      // A table can't be created twice: whoever repeats the first step fails.
      add(INDEX, `${MARK}CREATE TABLE other (id int);\n${BUILD};`);
      const writer = await openTransaction("UPDATE people SET email = 'c' WHERE id = 1");
      const migrating = new MigrateProcess(url, migrationsDir);
      await eventually(async () => expect(await indexes()).toEqual([{ name: "people_email_idx", valid: false }]));
      await cut(migrating);
      expect(await migrating.exited()).toBe(code);
      if (code === 1) expect(migrating.output).toContain(`failed: migration ${INDEX} stopped at step 2 of 2: `);

      expect(await rowOf(INDEX)).toEqual({ finished: false, steps: 1, logs: null });
      const { migrations } = await inspectDatabase(url, { migrationsDir });
      expect(migrations).toEqual({ missing: [], edited: [], failed: [INDEX], unknown: [] });
      const prisma = await openPrismaHistory(url, migrationsDir);
      expect(await prisma.status()).toMatchObject({ failedMigrationNames: [INDEX], editedMigrationNames: [] });
      // The statement of a killed run ends as well, and its lock with it.
      await eventually(async () => expect(await migrators()).toEqual([]));
      await writer.end();
      expect(await run()).toEqual({ applied: [INDEX], already: 1 });
      expect(lines).toContain(`migration ${INDEX}: resumes after 1 of 2 steps`);
      expect(lines.some((line) => line.includes("drops the invalid index public.people_email_idx"))).toBe(true);
      expect(await indexes()).toEqual(built);
      expect(await rowOf(INDEX)).toEqual({ finished: true, steps: 2, logs: null });
      expect(await prisma.deploy()).toEqual([]);
    },
    60_000,
  );

  test("a killed one that waits holds up neither the table nor the next run for long", async () => {
    add(INDEX, MARK + BUILD);
    const writer = await openTransaction("UPDATE people SET email = 'c' WHERE id = 1");
    const migrating = new MigrateProcess(url, migrationsDir);
    await eventually(async () => expect(await indexes()).toHaveLength(1));
    await migrating.kill();
    const next = run();
    await eventually(() => expect(lines.some((line) => line.includes("drops the invalid index"))).toBe(true), 5_000);
    await writer.end();
    expect((await next).applied).toEqual([INDEX]);
  }, 30_000);
});

describe("a step that fails", () => {
  const unique = 'CREATE UNIQUE INDEX CONCURRENTLY "people_email_idx" ON people (email)';

  test("earlier steps are kept, nothing invalid goes on refusing rows, and the next run resumes", async () => {
    add(INDEX, `${MARK}ALTER TABLE people ADD COLUMN age int;\n${unique};`);
    expect(await failureOf(run())).toBe(
      `migration ${INDEX} stopped at step 2 of 2: could not create unique index "people_email_idx" (23505). Earlier ` +
        "steps are kept. Once the cause is gone, run the migration again: it resumes at this step",
    );
    expect(await rowOf(INDEX)).toEqual({
      finished: false,
      steps: 1,
      logs: 'could not create unique index "people_email_idx" (23505)',
    });
    expect(await indexes()).toEqual([]);
    const prisma = await openPrismaHistory(url, migrationsDir);
    expect(await failureOf(prisma.deploy())).toContain(INDEX);
    await sql`DELETE FROM people WHERE id = 2`;
    expect((await run()).applied).toEqual([INDEX]);
    expect(await rowOf(INDEX)).toEqual({ finished: true, steps: 2, logs: null });
    expect(await indexes()).toEqual(built);
  });

  test("one that Prisma left failed is resumed; one that it marked rolled back begins anew", async () => {
    add(INDEX, MARK + unique);
    const prisma = await openPrismaHistory(url, migrationsDir);
    expect(await failureOf(prisma.deploy())).toContain("people_email_idx");
    expect(await indexes()).toEqual([{ name: "people_email_idx", valid: false }]);
    expect(await failureOf(run())).toContain("stopped at step 1 of 1");
    await prisma.markRolledBack(INDEX);
    await sql`DELETE FROM people WHERE id = 2`;
    expect((await run()).applied).toEqual([INDEX]);
    expect(await prisma.status()).toMatchObject({ failedMigrationNames: [], history: null });
  });

  test("one whose file was edited since is refused: nobody knows which steps are done", async () => {
    add(INDEX, MARK + unique);
    await failureOf(run());
    add(INDEX, MARK + BUILD);
    expect(await failureOf(run())).toContain(`migration ${INDEX} failed before`);
  });

  test.each([
    ["-- migrate: nontransactional\nSELECT 1", '"-- migrate: nontransactional" is not known'],
    [`${MARK}CREATE INDEX CONCURRENTLY ON people (email)`, "has to name its index"],
    [`${MARK}DROP INDEX CONCURRENTLY people_email_idx`, "needs IF EXISTS"],
    [`${MARK}SELECT 1; BEGIN; SELECT 2; COMMIT`, "can't begin or end transactions"],
  ])("%j is refused before anything runs", async (content, reason) => {
    add(INDEX, content);
    add("20200101_before", "CREATE TABLE before (id int)");
    expect(await failureOf(run())).toContain(`migration ${INDEX} can't be run: `);
    expect(await failureOf(run())).toContain(reason);
    expect([...(await sql`SELECT to_regclass('before')::text AS table`)]).toEqual([{ table: null }]);
  });
});

describe("a migration that has to wait for a lock", () => {
  const ALTER = "ALTER TABLE people ADD COLUMN age int";

  test.each([
    ["in one transaction", ALTER],
    ["step by step", MARK + ALTER],
  ])(
    "%s: readers never wait longer than its time-out, and it succeeds once the lock is free",
    async (_, content) => {
      add(INDEX, content);
      const long = await openTransaction();
      const running = run();
      const waits: number[] = [];
      const from = performance.now();
      // Until it has given way twice.
      while (lines.filter((line) => line.includes("others go first")).length < 2) {
        const asked = performance.now();
        await sql`SELECT count(*) FROM people`;
        waits.push(performance.now() - asked);
        if (performance.now() - from > 30_000) throw new Error(lines.join("\n"));
        await Bun.sleep(20);
      }
      expect(Math.max(...waits)).toBeGreaterThan(LOCK_TIMEOUT_MS / 2);
      expect(Math.max(...waits)).toBeLessThan(LOCK_TIMEOUT_MS + 500);
      expect(lines.join("\n")).toContain(`waits for a lock on people, held by process ${long.pid} (account `);
      await long.end();
      expect((await running).applied).toEqual([INDEX]);
      expect(await rowOf(INDEX)).toEqual({ finished: true, steps: 1, logs: null });
    },
    60_000,
  );

  test("it gives up in the end, and names who is in the way", async () => {
    add(INDEX, ALTER);
    const long = await openTransaction();
    const failure = await failureOf(run({ lockWaitMs: 1_000 }));
    expect(failure).toStartWith(`migration ${INDEX} failed and was rolled back: it did not get its locks within `);
    expect(failure).toContain(`held by process ${long.pid} (`);
    expect(await rowOf(INDEX)).toBeUndefined();
    await long.end();
  }, 20_000);
});
