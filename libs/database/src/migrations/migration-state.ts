import { type AppliedRow, readMigrations } from "@libs/postgres";
import type pg from "pg";
import { MIGRATIONS_DIR } from "../prisma-folder.ts";

/**
 * Names of migrations, by what is wrong with them; all empty: the database is up to date.
 * @see {@link inspectDatabase}
 */
export interface MigrationState {
  missing: string[];
  /** Their file was changed after they were applied. */
  edited: string[];
  /** Began and did not end: the database is half done. */
  failed: string[];
  /** Applied by a newer version of this program. */
  unknown: string[];
}

/** Compares a database's migrations with the files; changes nothing. */
export async function readMigrationState(client: pg.Client, dir = MIGRATIONS_DIR): Promise<MigrationState> {
  const files = readMigrations(dir);
  const { rows: found } = await client.query<{ exists: boolean }>(
    "SELECT to_regclass('_prisma_migrations') IS NOT NULL AS exists",
  );
  const rows = found[0]?.exists ? await readAppliedRows(client) : [];
  const applied = new Map(rows.map((row) => [row.migration_name, row]));
  const names = new Set(files.map(({ name }) => name));
  return {
    missing: files.filter(({ name }) => !applied.has(name)).map(({ name }) => name),
    edited: files
      .filter(({ name, checksum }) => applied.has(name) && applied.get(name)?.checksum !== checksum)
      .map(({ name }) => name),
    failed: rows.filter((row) => row.finished_at === null).map((row) => row.migration_name),
    unknown: rows.map((row) => row.migration_name).filter((name) => !names.has(name)),
  };
}

/** Of the table that Prisma keeps; those that were rolled back are left out. */
export async function readAppliedRows(client: pg.Client): Promise<AppliedRow[]> {
  const { rows } = await client.query<AppliedRow>(
    `SELECT id, migration_name, checksum, finished_at, applied_steps_count FROM _prisma_migrations
     WHERE rolled_back_at IS NULL`,
  );
  return rows;
}
