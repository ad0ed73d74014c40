import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readMigrations } from "@libs/postgres";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import pg from "pg";
import { loadSchemaEngine, type MigrationHistory, type SchemaEngine } from "./schema-engine.ts";
import { SCHEMA_PATH } from "./schema-paths.ts";

const FILTERS = { externalTables: [], externalEnums: [] };

/**
 * What Prisma itself makes of a database and a folder of migrations.
 * @see {@link openPrismaHistory}
 */
export interface PrismaHistory {
  /** As `prisma migrate deploy`. @returns the names of those applied @throws an error with Prisma's own words */
  deploy(): Promise<string[]>;
  /** As `prisma migrate status`. */
  status(): Promise<MigrationHistory>;
  /** As `prisma migrate resolve --rolled-back`. */
  markRolledBack(name: string): Promise<void>;
}

/**
 * Asks Prisma's own schema engine about migrations, without its command line.
 * @param databaseUrl of a direct connection
 * @param dir holds `<name>/migration.sql` and `migration_lock.toml`
 * @example
 * ```ts
 * import { openPrismaHistory, type PrismaHistory } from "@libs/database/schema";
 *
 * const prisma: PrismaHistory = await openPrismaHistory(process.env.DATABASE_URL ?? "", "prisma/migrations");
 * console.log(await prisma.status());
 * ```
 */
export async function openPrismaHistory(databaseUrl: string, dir: string): Promise<PrismaHistory> {
  const Engine = await loadSchemaEngine(() => {});
  const datamodels = [[SCHEMA_PATH, readFileSync(SCHEMA_PATH, "utf8")]];
  const withEngine = async <T>(use: (engine: SchemaEngine) => Promise<T>): Promise<T> => {
    // Of its own, so that it ends with the call: the engine keeps the lock of migrations on its connection.
    const pool = new pg.Pool({ connectionString: databaseUrl });
    try {
      const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg(pool));
      const engine = await Engine.new({ datamodels }, () => {}, adapter);
      return await use(engine);
    } finally {
      await pool.end();
    }
  };
  return {
    deploy: () =>
      withEngine(async (engine) => {
        const input = { migrationsList: listOf(dir), filters: FILTERS };
        return (await engine.applyMigrations(input)).appliedMigrationNames;
      }),
    status: () =>
      withEngine((engine) =>
        engine.diagnoseMigrationHistory({
          migrationsList: listOf(dir),
          optInToShadowDatabase: false,
          filters: FILTERS,
        }),
      ),
    markRolledBack: (migrationName) =>
      withEngine(async (engine) => void (await engine.markMigrationRolledBack({ migrationName }))),
  };
}

function listOf(baseDir: string) {
  return {
    baseDir,
    lockfile: { path: "migration_lock.toml", content: readFileSync(join(baseDir, "migration_lock.toml"), "utf8") },
    shadowDbInitScript: "",
    migrationDirectories: readMigrations(baseDir).map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: "migration.sql", content: { tag: "ok", value: sql } },
    })),
  };
}
