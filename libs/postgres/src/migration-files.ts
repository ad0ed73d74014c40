import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * One migration, as its file has it.
 * @see {@link readMigrations}
 */
export interface Migration {
  name: string;
  sql: string;
  /** SHA-256 of the file, hexadecimal, as Prisma stores it. */
  checksum: string;
}

/**
 * A row of `_prisma_migrations`, as Prisma stores what was applied.
 * @see {@link readMigrations}
 */
export interface AppliedRow {
  id: string;
  migration_name: string;
  checksum: string;
  /** null: it runs, was cut short, or has failed. */
  finished_at: Date | null;
  /** How many statements of the file are done, a number; Prisma counts the whole file as one. */
  applied_steps_count: number;
}

/**
 * The migrations of a folder, `<name>/migration.sql` each, in their order.
 * @param dir a folder, such as `prisma/migrations`
 * @throws the file system's error when the folder can't be read
 * @example
 * ```ts
 * import { MIGRATIONS_DIR } from "@libs/database";
 * import { type AppliedRow, type Migration, readMigrations } from "@libs/postgres";
 *
 * const applied: Pick<AppliedRow, "migration_name">[] = [{ migration_name: "0001_init" }];
 * const names = new Set(applied.map((row) => row.migration_name));
 * export const missing: Migration[] = readMigrations(MIGRATIONS_DIR).filter(({ name }) => !names.has(name));
 * ```
 */
export function readMigrations(dir: string): Migration[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(dir, entry.name, "migration.sql")))
    .map(({ name }) => {
      const file = readFileSync(join(dir, name, "migration.sql"));
      return { name, sql: file.toString("utf8"), checksum: createHash("sha256").update(file).digest("hex") };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
