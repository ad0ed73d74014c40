import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's own. */
export const MIGRATIONS_DIR = resolve(dirname(fileURLToPath(import.meta.url)), "../../../prisma/migrations");

export interface Migration {
  name: string;
  sql: string;
  /** SHA-256 of the file, hexadecimal, as Prisma stores it. */
  checksum: string;
}

/** As Prisma stores what was applied. */
export interface AppliedRow {
  id: string;
  migration_name: string;
  checksum: string;
  /** null: it runs, was cut short, or has failed. */
  finished_at: Date | null;
  applied_steps_count: number;
}

/** The migrations of a folder, `<name>/migration.sql` each, in their order. */
export function readMigrations(dir: string): Migration[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(dir, entry.name, "migration.sql")))
    .map(({ name }) => {
      const file = readFileSync(join(dir, name, "migration.sql"));
      return { name, sql: file.toString("utf8"), checksum: createHash("sha256").update(file).digest("hex") };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
