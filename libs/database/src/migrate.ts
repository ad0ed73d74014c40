import { randomUUID } from "node:crypto";
import {
  type AppliedRow,
  DatabaseClient,
  type DirectUrl,
  directUrlFault,
  MIGRATIONS_DIR,
  type Migration,
  readDatabaseTarget,
  readMigrations,
} from "@libs/postgres";
import type pg from "pg";
import { MigrationError } from "./migrations/migration-error.ts";
import { readAppliedRows } from "./migrations/migration-state.ts";

export {
  type DirectUrl,
  databaseUrlFault,
  describeConnectionFailure,
  diagnoseDatabase,
  directUrlFault,
  directUrlOf,
} from "@libs/postgres";
export * from "./inspect-database.ts";
export { MigrationError } from "./migrations/migration-error.ts";
export type { MigrationState } from "./migrations/migration-state.ts";

/** Taken by `prisma migrate` as well, so that it and this runner never work at once. */
const PRISMA_ADVISORY_LOCK = 72_707_369;
const LOCK_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** As `prisma migrate` creates it. */
const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)`;

export interface MigrateOptions {
  /** Holds `<name>/migration.sql`; the project's own when left out. */
  migrationsDir?: string;
  /** What gave the URL, for messages; `DATABASE_URL` when left out. */
  variable?: DirectUrl["variable"];
}

export interface MigrateResult {
  /** Names of the migrations that this call applied, in order. */
  applied: string[];
  /** How many had been applied before. */
  already: number;
}

/**
 * Applies the migrations that a database lacks, each in a transaction of its own, and records them as `prisma migrate
 * deploy` does, so that either can take over from the other. Runners that start at once take turns.
 *
 * @throws MigrationError when a migration was edited after it was applied, failed before or fails now, or when the
 *   database can't be reached, or a pooler in transaction mode is between: it would keep the lock for ever
 */
export async function migrate(databaseUrl: string, options: MigrateOptions = {}): Promise<MigrateResult> {
  const { variable = "DATABASE_URL" } = options;
  MigrationError.assertUrl(databaseUrl, variable);
  const migrations = readMigrations(options.migrationsDir ?? MIGRATIONS_DIR);
  const pooled = await directUrlFault({ url: databaseUrl, variable }, CONNECT_TIMEOUT_MS);
  if (pooled) throw new MigrationError(pooled);
  const config = {
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "keycloak-sync-gateway migrate",
  };
  const client = new DatabaseClient(databaseUrl, config, { keepsSession: true });
  client.on("error", () => {});
  await client.connect().catch((error) => {
    throw MigrationError.unreachable(error, databaseUrl, variable);
  });
  try {
    await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await client.query(`SELECT pg_advisory_lock(${PRISMA_ADVISORY_LOCK})`).catch(() => {
      throw new MigrationError(`another migration run has held the lock for over ${LOCK_TIMEOUT_MS / 1000} s`);
    });
    await client.query("RESET lock_timeout");
    await client.query("SET client_min_messages = warning");
    await createSchema(client, readDatabaseTarget(databaseUrl).schema);
    await client.query(MIGRATIONS_TABLE);
    const missing = withoutApplied(migrations, await readAppliedRows(client));
    for (const migration of missing) await apply(client, migration);
    return { applied: missing.map(({ name }) => name), already: migrations.length - missing.length };
  } catch (error) {
    // Whatever is refused before the first migration: a right that is missing, a standby.
    throw error instanceof MigrationError ? error : MigrationError.unreachable(error, databaseUrl, variable);
  } finally {
    // Ending the connection also frees the lock.
    await client.end().catch(() => {});
  }
}

/** The one that `?schema=` names, as `prisma migrate` does. `IF NOT EXISTS` alone would ask for the right to make it. */
async function createSchema(client: pg.Client, schema: string | undefined): Promise<void> {
  if (schema === undefined) return;
  const { rowCount } = await client.query("SELECT FROM pg_namespace WHERE nspname = $1", [schema]);
  if (!rowCount) await client.query(`CREATE SCHEMA IF NOT EXISTS ${client.escapeIdentifier(schema)}`);
}

function withoutApplied(migrations: Migration[], rows: AppliedRow[]): Migration[] {
  const failed = rows.find((row) => row.finished_at === null);
  if (failed) throw MigrationError.failedBefore(failed.migration_name);
  const checksums = new Map(rows.map((row) => [row.migration_name, row.checksum]));
  return migrations.filter(({ name, checksum }) => {
    const applied = checksums.get(name);
    if (applied !== undefined && applied !== checksum) throw MigrationError.edited(name);
    return applied === undefined;
  });
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  const startedAt = new Date();
  try {
    await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
    await client.query(sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, started_at, finished_at, migration_name, applied_steps_count)
       VALUES ($1, $2, $3, clock_timestamp(), $4, 1)`,
      [randomUUID(), checksum, startedAt, name],
    );
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw MigrationError.failed(name, error);
  }
}
