import { DatabaseClient } from "@libs/postgres";
import type pg from "pg";
import { MigrationError } from "./migrations/migration-error.ts";
import { type MigrationState, readMigrationState } from "./migrations/migration-state.ts";

/**
 * What {@link inspectDatabase} found.
 * @see {@link inspectDatabase}
 */
export interface DatabaseFacts {
  /** Of the server, such as 18. */
  majorVersion: number;
  /** Whether it only reads: a standby, or set so. */
  readOnly: boolean;
  /** How many connections this account can have at all, reserved ones left out. */
  connections: number;
  /** Whether schemas can be made: background work keeps its own. */
  mayCreateSchemas: boolean;
  /** The server's clock against this process's, positive when it is ahead, and how far off that may be. Milliseconds. */
  clock: { skewMs: number; uncertaintyMs: number };
  migrations: MigrationState;
}

/**
 * How {@link inspectDatabase} works.
 * @see {@link inspectDatabase}
 */
export interface InspectOptions {
  /** Milliseconds for the connection, and for each statement; default 5000. */
  timeoutMs?: number;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Holds `<name>/migration.sql`; the project's own when left out. */
  migrationsDir?: string;
}

/**
 * What has to be known of a database before anything runs on it; changes nothing.
 * @param databaseUrl of a direct connection
 * @param options times in milliseconds
 * @throws MigrationError when it can't be reached
 * @example
 * ```ts
 * import { type DatabaseFacts, type InspectOptions, inspectDatabase, type MigrationState } from "@libs/database/migrate";
 *
 * const options: InspectOptions = { timeoutMs: 3000 };
 * const facts: DatabaseFacts = await inspectDatabase(process.env.DATABASE_URL ?? "", options);
 * const { missing, failed }: MigrationState = facts.migrations;
 * console.log(facts.majorVersion, facts.readOnly, missing, failed);
 * ```
 */
export async function inspectDatabase(databaseUrl: string, options: InspectOptions = {}): Promise<DatabaseFacts> {
  const { timeoutMs = 5_000, now = Date.now } = options;
  MigrationError.assertUrl(databaseUrl);
  const client = new DatabaseClient(databaseUrl, {
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    application_name: "keycloak-sync-gateway inspect",
  });
  client.on("error", () => {});
  try {
    await client.connect();
    return {
      ...(await readServer(client)),
      clock: await readClock(client, now),
      migrations: await readMigrationState(client, options.migrationsDir),
    };
  } catch (error) {
    throw MigrationError.unreachable(error, databaseUrl);
  } finally {
    await client.end().catch(() => {});
  }
}

async function readServer(client: pg.Client) {
  const { rows } = await client.query<Omit<DatabaseFacts, "clock" | "migrations">>(`
    SELECT current_setting('server_version_num')::int / 10000 AS "majorVersion",
      pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool AS "readOnly",
      least(
        current_setting('max_connections')::int
          - CASE WHEN rolsuper THEN 0 ELSE current_setting('superuser_reserved_connections')::int
            + coalesce(current_setting('reserved_connections', true)::int, 0) END,
        CASE WHEN rolconnlimit >= 0 THEN rolconnlimit END,
        CASE WHEN datconnlimit >= 0 THEN datconnlimit END) AS connections,
      has_database_privilege(current_database(), 'CREATE') AS "mayCreateSchemas"
    FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()`);
  const [facts] = rows;
  if (!facts) throw new Error("no row");
  return facts;
}

/** The quickest of three answers is the most exact. */
async function readClock(client: pg.Client, now: () => number): Promise<DatabaseFacts["clock"]> {
  const readings: DatabaseFacts["clock"][] = [];
  for (let reading = 0; reading < 3; reading += 1) {
    const askedAt = now();
    const { rows } = await client.query<{ ms: number }>(
      "SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms",
    );
    const uncertaintyMs = (now() - askedAt) / 2;
    readings.push({ skewMs: (rows[0]?.ms ?? 0) - (askedAt + uncertaintyMs), uncertaintyMs });
  }
  return readings.reduce((best, reading) => (reading.uncertaintyMs < best.uncertaintyMs ? reading : best));
}
