import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import pg from "pg";
import { loadSchemaEngine } from "./schema-engine.ts";
import { SCHEMA_PATH } from "./schema-paths.ts";

/**
 * How a database differs from `schema.prisma`.
 * @see {@link schemaDiff}
 */
export interface SchemaDiff {
  /** Whether database and schema agree, as far as `schema.prisma` can say. */
  agrees: boolean;
  /** The statements that would bring the database to the schema. */
  sql: string;
}

const INTERNAL_CHAR = 18;
const TEXT = 25;

/**
 * What `prisma migrate diff --from-<database> --to-schema-datamodel prisma/schema.prisma` prints.
 * @param databaseUrl of a migrated database
 * @param fromEmpty compare with an empty database instead of the one that is there
 * @throws Error when the engine panics
 * @example
 * ```ts
 * import { SCHEMA_DUMP_PATH, type SchemaDiff, schemaDiff, schemaDump } from "@libs/database/schema";
 *
 * const url = process.env.DATABASE_URL ?? "";
 * const diff: SchemaDiff = await schemaDiff(url);
 * if (!diff.agrees) console.error(diff.sql);
 * console.log((await schemaDump(url)) === (await Bun.file(SCHEMA_DUMP_PATH).text()));
 * ```
 */
export async function schemaDiff(databaseUrl: string, fromEmpty = false): Promise<SchemaDiff> {
  const panic = Promise.withResolvers<never>();
  panic.promise.catch(() => {});
  const Engine = await loadSchemaEngine((message) => panic.reject(new Error(message)));
  const content = readFileSync(SCHEMA_PATH, "utf8");
  const files = [{ path: SCHEMA_PATH, content }];
  const pool = cataloguePool(databaseUrl);
  try {
    const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg(pool));
    const engine = await Engine.new({ datamodels: [[SCHEMA_PATH, content]] }, () => {}, adapter);
    const diff = engine.diff({
      from: fromEmpty ? { tag: "empty" } : { tag: "schemaDatasource", files, configDir: dirname(SCHEMA_PATH) },
      to: { tag: "schemaDatamodel", files },
      script: true,
      exitCode: true,
      shadowDatabaseUrl: null,
      filters: { externalTables: ["public._prisma_migrations"], externalEnums: [] },
    });
    const { exitCode, stdout } = await Promise.race([diff, panic.promise]);
    return { agrees: exitCode === 0, sql: stdout ?? "" };
  } finally {
    await pool.end();
  }
}

/**
 * A pool whose answers the engine can read. The adapter doesn't know PostgreSQL's internal "char", which the catalogue
 * is full of: it goes as text. In the list of check constraints the engine insists on it, and needs that list for
 * warnings only: it goes empty.
 */
function cataloguePool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString });
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<pg.QueryArrayResult>;
  const readable = async (...args: unknown[]) => {
    const result = await query(...args);
    for (const field of result.fields) if (field.dataTypeID === INTERNAL_CHAR) field.dataTypeID = TEXT;
    if (result.fields.some((field) => field.name === "constraint_type")) result.rows = [];
    return result;
  };
  return Object.assign(pool, { query: readable });
}
