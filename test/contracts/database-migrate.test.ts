// The migration runner leaves what `prisma migrate deploy` would leave, so that either can take over from the other.
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHash, randomUUID } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createDatabase, type PrismaClient } from "@libs/database";
import { MigrationError, migrate } from "@libs/database/migrate";
import { SCHEMA_DUMP_PATH } from "@libs/database/schema";
import { STACK_TIMEOUT_MS, type TestDatabase, useStack } from "@libs/dev-stack";

const MIGRATIONS = join(dirname(SCHEMA_DUMP_PATH), "migrations");
const NAMES = readdirSync(MIGRATIONS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

let database: TestDatabase;
let prisma: PrismaClient;
let migrationsDir: string;

beforeAll(async () => {
  await useStack();
}, STACK_TIMEOUT_MS);

beforeEach(async () => {
  database = await (await useStack()).createDatabase();
  prisma = createDatabase(database.url);
  await prisma.$executeRaw`DROP SCHEMA public CASCADE`;
  await prisma.$executeRaw`CREATE SCHEMA public`;
  migrationsDir = mkdtempSync(join(tmpdir(), "migrations-"));
  cpSync(MIGRATIONS, migrationsDir, { recursive: true });
});

afterEach(async () => {
  await prisma.$disconnect();
  await database.drop();
  rmSync(migrationsDir, { recursive: true });
});

function addMigration(name: string, sql: string): void {
  mkdirSync(join(migrationsDir, name));
  writeFileSync(join(migrationsDir, name, "migration.sql"), sql);
}

const rows = () =>
  prisma.$queryRaw<Record<string, unknown>[]>`SELECT * FROM _prisma_migrations ORDER BY migration_name`;

describe("migrate", () => {
  test("applies all and records them as Prisma does", async () => {
    const startedAt = Date.now();
    expect(await migrate(database.url)).toEqual({ applied: NAMES, already: 0 });
    const recorded = await rows();
    expect(recorded.map((row) => row.migration_name)).toEqual(NAMES);
    for (const row of recorded) {
      const file = readFileSync(join(MIGRATIONS, String(row.migration_name), "migration.sql"));
      expect(row).toEqual({
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
        checksum: createHash("sha256").update(file).digest("hex"),
        migration_name: row.migration_name,
        started_at: expect.any(Date),
        finished_at: expect.any(Date),
        logs: null,
        rolled_back_at: null,
        applied_steps_count: 1,
      });
      const [started, finished] = [row.started_at as Date, row.finished_at as Date];
      expect(Math.abs(started.getTime() - startedAt)).toBeLessThan(60_000);
      expect(finished.getTime()).toBeGreaterThanOrEqual(started.getTime());
    }
  });

  test("its table is Prisma's, column by column", async () => {
    await migrate(database.url);
    const columns = await prisma.$queryRaw`
      SELECT column_name AS name, data_type AS type, character_maximum_length AS length, is_nullable AS nullable,
        column_default AS default FROM information_schema.columns
      WHERE table_name = '_prisma_migrations' ORDER BY ordinal_position`;
    const column = (
      name: string,
      type: string,
      length: number | null,
      nullable: string,
      fallback: string | null = null,
    ) => ({ name, type, length, nullable, default: fallback });
    expect(columns).toEqual([
      column("id", "character varying", 36, "NO"),
      column("checksum", "character varying", 64, "NO"),
      column("finished_at", "timestamp with time zone", null, "YES"),
      column("migration_name", "character varying", 255, "NO"),
      column("logs", "text", null, "YES"),
      column("rolled_back_at", "timestamp with time zone", null, "YES"),
      column("started_at", "timestamp with time zone", null, "NO", "now()"),
      column("applied_steps_count", "integer", null, "NO", "0"),
    ]);
  });

  test("a second run does nothing; a new migration alone is applied", async () => {
    await migrate(database.url, { migrationsDir });
    expect(await migrate(database.url, { migrationsDir })).toEqual({ applied: [], already: NAMES.length });
    addMigration("29990101000000_more", "CREATE TABLE more (id text); INSERT INTO more VALUES ('a;b');");
    expect(await migrate(database.url, { migrationsDir })).toEqual({
      applied: ["29990101000000_more"],
      already: NAMES.length,
    });
  });

  test("an account that only uses the tables goes on through an update, with the rights that it had", async () => {
    const before = NAMES.filter((name) => name < "20261127");
    for (const name of NAMES) if (!before.includes(name)) rmSync(join(migrationsDir, name), { recursive: true });
    await migrate(database.url, { migrationsDir });
    const account = `test_account_${randomUUID().slice(0, 8)}`;
    await prisma.$executeRawUnsafe(`CREATE ROLE ${account}`);
    try {
      for (const right of ["USAGE ON", "ALL ON ALL TABLES IN", "ALL ON ALL SEQUENCES IN"])
        await prisma.$executeRawUnsafe(`GRANT ${right} SCHEMA public TO ${account}`);
      const writes = (id: string) => [
        prisma.$executeRawUnsafe(`SET LOCAL ROLE ${account}`),
        // Nothing of the caller's gets between the triggers and their table.
        prisma.$executeRaw`CREATE TEMP TABLE user_count_changes (live int, enabled int, email_verified int)`,
        prisma.$executeRaw`INSERT INTO users (id, username, synced_at) VALUES (${id}, ${id}, now())`,
        prisma.$executeRaw`UPDATE users SET enabled = false WHERE id = ${id}`,
        prisma.$executeRaw`DROP TABLE pg_temp.user_count_changes`,
      ];
      await prisma.$transaction(writes("before"));
      await migrate(database.url);
      await prisma.$transaction(writes("after"));
      const counts = await prisma.$queryRaw`
        SELECT sum(live)::int AS live, sum(enabled)::int AS enabled FROM user_count_changes`;
      expect(counts).toEqual([{ live: 2, enabled: 0 }]);
      const others = prisma.$transaction([
        prisma.$executeRawUnsafe(`GRANT CREATE ON SCHEMA public TO ${account}`),
        prisma.$executeRawUnsafe(`SET LOCAL ROLE ${account}`),
        prisma.$executeRaw`CREATE TABLE lure (id text)`,
        prisma.$executeRaw`CREATE TRIGGER lure AFTER TRUNCATE ON lure EXECUTE FUNCTION count_users_truncated()`,
      ]);
      expect(String(await others.catch((error) => error))).toContain("42501");
    } finally {
      await prisma.$executeRawUnsafe(`DROP OWNED BY ${account}`);
      await prisma.$executeRawUnsafe(`DROP ROLE ${account}`);
    }
  });

  test("an index that an operator has built before is taken as it is; one that was cut short is built again", async () => {
    const index = "20261127000201_users_by_keycloak_time";
    const rest = NAMES.filter((name) => name > "20261127");
    for (const name of rest) rmSync(join(migrationsDir, name), { recursive: true });
    await migrate(database.url, { migrationsDir });
    // As docs/operations.md has it.
    await prisma.$executeRaw`ALTER TABLE users ADD COLUMN IF NOT EXISTS keycloak_created_at TIMESTAMPTZ(3)`;
    await prisma.$executeRaw`CREATE INDEX CONCURRENTLY IF NOT EXISTS users_keycloak_created_at_idx
      ON users (keycloak_created_at, id) WHERE keycloak_created_at IS NOT NULL AND deleted_at IS NULL`;
    const built = () => prisma.$queryRaw<{ oid: number }[]>`
      SELECT indexrelid::int AS oid, indisvalid AS valid FROM pg_index
      WHERE indexrelid = 'users_keycloak_created_at_idx'::regclass`;
    const [before] = await built();
    expect((await migrate(database.url)).applied).toEqual(rest);
    expect(await built()).toEqual([before as { oid: number }]);
    await prisma.$executeRaw`UPDATE pg_index SET indisvalid = false WHERE indexrelid = ${before?.oid ?? 0}::oid`;
    await prisma.$executeRaw`DELETE FROM _prisma_migrations WHERE migration_name = ${index}`;
    expect((await migrate(database.url)).applied).toEqual([index]);
    expect(await built()).toEqual([{ oid: expect.any(Number), valid: true }] as never);
  });

  test("runners that start at once apply each migration once", async () => {
    const results = await Promise.all(Array.from({ length: 4 }, () => migrate(database.url)));
    expect(results.flatMap(({ applied }) => applied)).toEqual(NAMES);
    expect(await rows()).toHaveLength(NAMES.length);
  });

  test("waits while Prisma's own lock is held", async () => {
    let isDone = false;
    let running: Promise<unknown> = Promise.resolve();
    await prisma.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT pg_advisory_xact_lock(72707369)::text`;
      const waits = Promise.withResolvers<string>();
      running = migrate(database.url, { report: waits.resolve }).finally(() => {
        isDone = true;
      });
      expect(await waits.promise).toStartWith("waits for another migration run: process ");
      expect(isDone).toBe(false);
    });
    await running;
    expect(await rows()).toHaveLength(NAMES.length);
  });

  test("an edited migration is refused by name", async () => {
    await migrate(database.url, { migrationsDir });
    const [name = ""] = NAMES;
    writeFileSync(join(migrationsDir, name, "migration.sql"), "-- edited");
    const refused = migrate(database.url, { migrationsDir });
    await expect(refused).rejects.toBeInstanceOf(MigrationError);
    await expect(refused).rejects.toThrow(`migration ${name} was edited after it was applied`);
  });

  test("a migration that fails leaves nothing behind, and those before it stay", async () => {
    addMigration("29990101000000_good", "CREATE TABLE good (id text)");
    addMigration("29990101000001_bad", "CREATE TABLE bad (id text); SELECT 1/0;");
    await expect(migrate(database.url, { migrationsDir })).rejects.toThrow(
      "migration 29990101000001_bad failed and was rolled back: division by zero (22012)",
    );
    expect((await rows()).map((row) => row.migration_name)).toEqual([...NAMES, "29990101000000_good"]);
    expect(await prisma.$queryRaw`SELECT to_regclass('bad')::text AS bad`).toEqual([{ bad: null }]);
  });

  test("a migration that Prisma left failed is refused; one that it marked rolled back is applied again", async () => {
    addMigration("29990101000000_more", "CREATE TABLE more (id text)");
    await migrate(database.url, { migrationsDir });
    await prisma.$executeRaw`DROP TABLE more`;
    await prisma.$executeRaw`UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name LIKE '%more'`;
    await expect(migrate(database.url, { migrationsDir })).rejects.toThrow(
      "migration 29990101000000_more failed before",
    );
    await prisma.$executeRaw`UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name LIKE '%more'`;
    expect((await migrate(database.url, { migrationsDir })).applied).toEqual(["29990101000000_more"]);
  });

  test("a server that is not there is named without its password", async () => {
    const failed = await migrate("postgresql://someone:hunter2hunter2@127.0.0.1:1/none").catch((error) => error);
    expect(failed).toBeInstanceOf(MigrationError);
    expect(failed.message).toBe(
      "Nothing listens at 127.0.0.1:1: start PostgreSQL there, or correct host and port in DATABASE_URL.",
    );
  });
});
