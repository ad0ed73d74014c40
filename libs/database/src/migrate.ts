import { DatabaseClient, type DirectUrl, directUrlFault, readDatabaseTarget, readMigrations } from "@libs/postgres";
import type pg from "pg";
import { applyMigration } from "./migrations/apply-migration.ts";
import { MigrationError } from "./migrations/migration-error.ts";
import { takeMigrationLock } from "./migrations/migration-lock.ts";
import { lockTimeoutMs } from "./migrations/migration-run.ts";
import { readAppliedRows } from "./migrations/migration-state.ts";
import { pendingMigrations } from "./migrations/pending-migrations.ts";
import { type Report, SessionWatch } from "./migrations/session-watch.ts";
import { MIGRATIONS_DIR } from "./prisma-folder.ts";

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

const CONNECT_TIMEOUT_MS = 10_000;
const LOCK_WAIT_MS = 30 * 60_000;

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

/**
 * How {@link migrate} works.
 * @see {@link migrate}
 */
export interface MigrateOptions {
  /** Holds `<name>/migration.sql`; the project's own when left out. */
  migrationsDir?: string;
  /** What gave the URL, for messages; `DATABASE_URL` when left out. */
  variable?: DirectUrl["variable"];
  /** Takes one line about what the run does or waits for. */
  report?: Report;
  /** For how long a migration, or a step of one, tries to get its locks; default 30 minutes. Milliseconds. */
  lockWaitMs?: number;
}

/**
 * What {@link migrate} did.
 * @see {@link migrate}
 */
export interface MigrateResult {
  /** Names of the migrations that this call applied, in order. */
  applied: string[];
  /** How many had been applied before. */
  already: number;
}

/**
 * Applies the migrations that a database lacks, and records them as `prisma migrate deploy` does, so that either can take
 * over from the other. Each is a transaction of its own, or, where its file begins with `-- migrate: non-transactional`,
 * a sequence of steps that a later run resumes. A migration that waits for a lock gives way to others after
 * 1.5 s, and tries again. Runners that start at once take turns.
 * @param options which migrations; the project's own when left out
 * @param databaseUrl of a direct connection, or of a pooler in session mode
 * @throws MigrationError when a migration was edited after it was applied, failed before or fails now, or when the
 *   database can't be reached, or a pooler in transaction mode is between: it would keep the lock for ever
 * @see https://www.prisma.io/docs/orm/prisma-migrate
 * @example
 * ```ts
 * import { MigrationError, type MigrateOptions, type MigrateResult, migrate } from "@libs/database/migrate";
 *
 * const options: MigrateOptions = { variable: "DATABASE_DIRECT_URL" };
 * try {
 *   const { applied, already }: MigrateResult = await migrate(process.env.DATABASE_DIRECT_URL ?? "", options);
 *   console.log(`${applied.length} applied, ${already} before`);
 * } catch (error) {
 *   if (!(error instanceof MigrationError)) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export async function migrate(databaseUrl: string, options: MigrateOptions = {}): Promise<MigrateResult> {
  const { variable = "DATABASE_URL", report = () => {}, lockWaitMs = LOCK_WAIT_MS } = options;
  MigrationError.assertUrl(databaseUrl, variable);
  const migrations = readMigrations(options.migrationsDir ?? MIGRATIONS_DIR);
  const pooled = await directUrlFault({ url: databaseUrl, variable }, CONNECT_TIMEOUT_MS);
  if (pooled) throw new MigrationError(pooled);
  const client = openClient(databaseUrl, "migrate");
  await client.connect().catch((error) => {
    throw MigrationError.unreachable(error, databaseUrl, variable);
  });
  let watch: SessionWatch | undefined;
  try {
    const { pid, deadlockTimeoutMs } = await prepareSession(client);
    watch = new SessionWatch(pid, () => openClient(databaseUrl, "migrate watch"), report);
    await takeMigrationLock(client, report);
    await createSchema(client, readDatabaseTarget(databaseUrl).schema);
    await client.query(MIGRATIONS_TABLE);
    const pending = pendingMigrations(migrations, await readAppliedRows(client));
    const run = { client, watch, report, lockWaitMs, lockTimeoutMs: lockTimeoutMs(deadlockTimeoutMs) };
    for (const migration of pending) await applyMigration(run, migration);
    return { applied: pending.map(({ name }) => name), already: migrations.length - pending.length };
  } catch (error) {
    // Whatever is refused before the first migration: a right that is missing, a standby.
    throw error instanceof MigrationError ? error : MigrationError.unreachable(error, databaseUrl, variable);
  } finally {
    await watch?.close();
    // Ending the connection also frees the lock.
    await client.end().catch(() => {});
  }
}

function openClient(databaseUrl: string, purpose: string): DatabaseClient {
  const config = {
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: `keycloak-sync-gateway ${purpose}`,
  };
  const client = new DatabaseClient(databaseUrl, config, { keepsSession: true });
  client.on("error", () => {});
  return client;
}

async function prepareSession(client: pg.Client): Promise<{ pid: number; deadlockTimeoutMs: number }> {
  await client.query("SET client_min_messages = warning; SET default_transaction_isolation = 'read committed'");
  // Where this process dies, its statement and its lock end with it. Some systems can't do that, and refuse the setting.
  await client.query("SET client_connection_check_interval = 1000").catch(() => {});
  const { rows } = await client.query<{ pid: number; deadlockTimeoutMs: number }>(
    `SELECT pg_backend_pid() AS pid, setting::int AS "deadlockTimeoutMs" FROM pg_settings WHERE name = 'deadlock_timeout'`,
  );
  const [session] = rows;
  if (!session) throw new MigrationError("the server's settings can't be read");
  return session;
}

/** The one that `?schema=` names, as `prisma migrate` does. `IF NOT EXISTS` alone would ask for the right to make it. */
async function createSchema(client: pg.Client, schema: string | undefined): Promise<void> {
  if (schema === undefined) return;
  const { rowCount } = await client.query("SELECT FROM pg_namespace WHERE nspname = $1", [schema]);
  if (!rowCount) await client.query(`CREATE SCHEMA IF NOT EXISTS ${client.escapeIdentifier(schema)}`);
}
