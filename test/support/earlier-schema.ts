import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MIGRATIONS_DIR } from "@libs/database";
import { migrate } from "@libs/database/migrate";
import { SQL } from "bun";

/**
 * Makes a database anew, as the version before a migration had it.
 * @param migration its name; it and all later ones are left out
 */
export async function migrateUpTo(databaseUrl: string, migration: string): Promise<void> {
  await using sql = new SQL(databaseUrl, { max: 1 });
  await sql`DROP SCHEMA public CASCADE`;
  await sql`CREATE SCHEMA public`;
  const migrationsDir = mkdtempSync(join(tmpdir(), "migrations-"));
  try {
    cpSync(MIGRATIONS_DIR, migrationsDir, { recursive: true });
    for (const name of readdirSync(migrationsDir).filter((name) => /^\d/.test(name) && name >= migration))
      rmSync(join(migrationsDir, name), { recursive: true });
    await migrate(databaseUrl, { migrationsDir });
  } finally {
    rmSync(migrationsDir, { recursive: true });
  }
}
