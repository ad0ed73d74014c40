import type pg from "pg";
import { DatabaseClient } from "./connect/database-client.ts";
import { StatementRefusedError } from "./errors.ts";
import type { ExpectedSchema } from "./expected-schema-macro.ts";
import { ConnectionError, connectionFailure } from "./reach/connection-failure.ts";

/**
 * A right on a table, besides reading it.
 * @see {@link inspectSchema}
 */
export type TableRight = "INSERT" | "UPDATE" | "DELETE";

/**
 * How a database differs from what the code expects. All lists empty and all flags false: it does not.
 * @see {@link inspectSchema}
 */
export interface SchemaFacts {
  /** Not one table of ours is there. */
  empty: boolean;
  /** Our tables are there, in a schema that this account does not see: not on its `search_path`, or without `USAGE`. */
  elsewhere: string[];
  /**
   * Names; null: the account may not read which were applied. `unfinished` are those of this code alone: of a newer
   * program's, `unknown` says all that matters here.
   */
  migrations: { missing: string[]; unfinished: string[]; unknown: string[] } | null;
  /** Tables, `table.column`s, triggers and sequences that are expected and not there. */
  missing: string[];
  /** `table.column`s that the code does not know, and that no row can be inserted without. */
  demanded: string[];
  /** Tables and sequences that the account lacks a right on, each with what it lacks: `users (INSERT, UPDATE)`. */
  forbidden: string[];
  /** It only reads: a standby, or set so. */
  readOnly: boolean;
  /** The server's clock against this process's, positive when it is ahead. Milliseconds. */
  clock: { skewMs: number; uncertaintyMs: number };
}

/**
 * What {@link inspectSchema} compares a database with.
 * @see {@link inspectSchema}
 */
export interface InspectSchemaOptions {
  expected: ExpectedSchema;
  /** Those of the expected tables that the code reads; all when left out. */
  tables?: readonly string[];
  /** What it does to which, beside reading; nothing when left out. Of their sequences it needs USAGE where it inserts. */
  rights?: Readonly<Record<string, readonly TableRight[]>>;
  /** Milliseconds for the connection, and for each statement. */
  timeoutMs: number;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/**
 * Compares a database with what the code expects, on a connection of its own: two statements on the catalogue, whose
 * cost does not grow with the tables. Changes nothing.
 * @param options times in milliseconds
 * @param databaseUrl of the database
 * @throws ConnectionError when there is no connection
 * @throws StatementRefusedError when the catalogue can't be read
 * @example
 * ```ts
 * import {
 *   type ExpectedSchema,
 *   expectedSchema,
 *   type InspectSchemaOptions,
 *   inspectSchema,
 *   type SchemaFacts,
 *   type TableRight,
 * } from "@libs/postgres/schema-check";
 *
 * const expected: ExpectedSchema = expectedSchema;
 * const insert: TableRight[] = ["INSERT"];
 * const options: InspectSchemaOptions = { expected, tables: ["users"], rights: { users: insert }, timeoutMs: 3000 };
 * const facts: SchemaFacts = await inspectSchema(process.env.DATABASE_URL ?? "", options);
 * if (facts.missing.length > 0) console.error("missing:", facts.missing);
 * ```
 */
export async function inspectSchema(databaseUrl: string, options: InspectSchemaOptions): Promise<SchemaFacts> {
  const { timeoutMs } = options;
  const client = new DatabaseClient(databaseUrl, {
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    application_name: "keycloak-sync-gateway check",
  });
  client.on("error", () => {});
  try {
    await client.connect().catch((error: unknown) => {
      throw new ConnectionError(connectionFailure(error));
    });
    return await read(client, options);
  } finally {
    // A server that is silent would keep the answer waiting for its goodbye.
    void client.end().catch(() => {});
  }
}

interface CatalogueRow {
  missingTables: string[];
  missingOthers: string[];
  demanded: string[];
  forbidden: string[];
  elsewhere: string[];
  hasHistory: boolean;
  readOnly: boolean;
  ms: number;
}

async function read(client: pg.Client, options: InspectSchemaOptions): Promise<SchemaFacts> {
  const { expected, tables = Object.keys(expected.tables), rights = {}, now = Date.now } = options;
  const columns = tables.flatMap((table) => (expected.tables[table] ?? []).map((column) => [table, column] as const));
  const triggers = Object.entries(expected.triggers).filter(([, table]) => tables.includes(table));
  const needed = Object.entries(rights).flatMap(([table, own]) => own.map((right) => [table, right] as const));
  const sequences = options.tables ? [] : expected.sequences;
  const askedAt = now();
  const { rows } = await client
    .query<CatalogueRow>(CATALOGUE, [
      columns.map(([table]) => table),
      columns.map(([, column]) => column),
      triggers.map(([, table]) => table),
      triggers.map(([name]) => name),
      sequences,
      needed.map(([table]) => table),
      needed.map(([, right]) => right),
    ])
    .catch(refused);
  const answeredAt = now();
  const [row] = rows;
  if (!row) throw new StatementRefusedError("", "the catalogue has no row");
  const { missingTables, missingOthers, demanded, forbidden, elsewhere, hasHistory, readOnly, ms } = row;
  const empty = missingTables.length === tables.length;
  return {
    empty,
    elsewhere: empty ? elsewhere : [],
    migrations: hasHistory ? await readHistory(client, expected) : empty ? ALL_MISSING(expected) : null,
    missing: [...missingTables, ...missingOthers],
    demanded,
    forbidden,
    readOnly,
    clock: { skewMs: ms - (askedAt + answeredAt) / 2, uncertaintyMs: (answeredAt - askedAt) / 2 },
  };
}

const ALL_MISSING = ({ migrations }: ExpectedSchema) => ({ missing: migrations, unfinished: [], unknown: [] });

/** Bounded: one row for each migration there ever was. */
async function readHistory(client: pg.Client, expected: ExpectedSchema): Promise<SchemaFacts["migrations"]> {
  const { rows } = await client
    .query<{ name: string; finished: boolean }>(
      `SELECT migration_name AS name, finished_at IS NOT NULL AS finished FROM _prisma_migrations
       WHERE rolled_back_at IS NULL ORDER BY 1`,
    )
    .catch(refused);
  const isOurs = (name: string) => expected.migrations.includes(name);
  const applied = new Set(rows.map(({ name }) => name));
  return {
    missing: expected.migrations.filter((name) => !applied.has(name)),
    unfinished: rows.filter(({ name, finished }) => !finished && isOurs(name)).map(({ name }) => name),
    unknown: [...applied].filter((name) => !isOurs(name)),
  };
}

/** pg's message can hold a value, its code can't. */
function refused(error: unknown): never {
  const { code, message = "" } = (error ?? {}) as { code?: unknown; message?: string };
  if (typeof code === "string" && /^[0-9A-Z]{5}$/.test(code)) throw new StatementRefusedError(code, message);
  throw new ConnectionError(connectionFailure(error));
}

const CATALOGUE = `
  WITH expected AS (SELECT * FROM unnest($1::text[], $2::text[]) AS e(tab, col)),
  tabs AS (SELECT tab, to_regclass(quote_ident(tab)) AS relid FROM (SELECT DISTINCT tab FROM expected) t),
  there AS (SELECT * FROM tabs WHERE relid IS NOT NULL),
  triggers AS (SELECT * FROM unnest($3::text[], $4::text[]) AS t(tab, trigger)),
  rights AS (SELECT * FROM unnest($6::text[], $7::text[]) AS r(tab, privilege)),
  -- A column's own sequence is drawn from by whoever inserts; the others by whoever writes at all.
  used_sequences AS (
    SELECT s.oid, s.relname AS name FROM there JOIN pg_depend d ON d.refobjid = relid
      JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    WHERE d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_class'::regclass AND d.deptype = 'a'
      AND tab IN (SELECT tab FROM rights WHERE privilege = 'INSERT')
    UNION SELECT to_regclass(quote_ident(name)), name FROM unnest($5::text[]) AS name WHERE EXISTS (SELECT FROM rights)
  ),
  lacking AS (
    SELECT tab AS subject, privilege
    FROM (SELECT tab, 'SELECT' AS privilege FROM there UNION SELECT * FROM rights) AS needed JOIN there USING (tab)
    WHERE NOT has_table_privilege(relid, privilege)
    UNION ALL SELECT 'sequence ' || name, 'USAGE' FROM used_sequences
    WHERE oid IS NOT NULL AND NOT has_sequence_privilege(oid, 'USAGE, UPDATE')
  )
  SELECT
    ARRAY(SELECT tab FROM tabs WHERE relid IS NULL ORDER BY 1) AS "missingTables",
    ARRAY(
      SELECT tab || '.' || col FROM expected JOIN there USING (tab)
      WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = relid AND a.attname = col AND NOT a.attisdropped)
      UNION ALL SELECT 'trigger ' || trigger FROM triggers JOIN there USING (tab)
      WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = relid AND t.tgname = trigger AND t.tgenabled IN ('O', 'A'))
      UNION ALL SELECT 'sequence ' || name FROM unnest($5::text[]) AS name WHERE to_regclass(quote_ident(name)) IS NULL
      ORDER BY 1) AS "missingOthers",
    ARRAY(
      SELECT tab || '.' || a.attname FROM there JOIN pg_attribute a ON a.attrelid = relid
      WHERE tab IN (SELECT tab FROM rights WHERE privilege = 'INSERT') AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND NOT a.atthasdef
        AND a.attidentity = '' AND NOT EXISTS (SELECT FROM expected e WHERE e.tab = there.tab AND e.col = a.attname)
      ORDER BY 1) AS demanded,
    ARRAY(
      SELECT subject || ' (' || string_agg(privilege, ', ' ORDER BY privilege) || ')' FROM lacking
      GROUP BY subject ORDER BY subject) AS forbidden,
    ARRAY(
      SELECT DISTINCT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relname IN (SELECT tab FROM tabs) AND c.relkind IN ('r', 'p')
      GROUP BY 1 HAVING count(*) = (SELECT count(*) FROM tabs)) AS elsewhere,
    to_regclass('_prisma_migrations') IS NOT NULL
      AND has_table_privilege(to_regclass('_prisma_migrations'), 'SELECT') AS "hasHistory",
    pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool AS "readOnly",
    extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms`;
