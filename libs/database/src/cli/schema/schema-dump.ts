import pg from "pg";

interface Column {
  table: string;
  line: string;
}

interface Definition {
  table: string;
  definition: string;
}

const HEADER = `-- The schema after all migrations, written by libs/database/src/cli/dump.ts. To read, not to run.`;

/** Every column of every table, in order; of storage only what differs from the type's own. */
const COLUMNS = `
  SELECT t.relname AS table, concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid),
    CASE WHEN a.attstorage <> y.typstorage THEN 'STORAGE ' || CASE a.attstorage
      WHEN 'e' THEN 'EXTERNAL' WHEN 'x' THEN 'EXTENDED' WHEN 'm' THEN 'MAIN' ELSE 'PLAIN' END END) AS line
  FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid JOIN pg_type y ON y.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
  WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
    AND t.relname <> '_prisma_migrations'
  ORDER BY t.relname COLLATE "C", a.attnum`;

/** Since PostgreSQL 18, NOT NULL is a constraint too: it stands with its column. */
const CONSTRAINTS = `
  SELECT t.relname AS table, 'CONSTRAINT ' || quote_ident(c.conname) || ' ' || pg_get_constraintdef(c.oid) AS definition
  FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
  WHERE t.relnamespace = 'public'::regnamespace AND c.contype <> 'n' AND t.relname <> '_prisma_migrations'
  ORDER BY t.relname COLLATE "C", position(c.contype in 'pucxf'), c.conname COLLATE "C"`;

const INDEXES = `
  SELECT t.relname AS table, pg_get_indexdef(i.indexrelid) AS definition
  FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
  WHERE t.relnamespace = 'public'::regnamespace AND t.relname <> '_prisma_migrations'
    AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = x.oid AND c.contype IN ('p', 'u', 'x'))
  ORDER BY t.relname COLLATE "C", x.relname COLLATE "C"`;

const OPTIONS = `
  SELECT relname AS table, array_to_string(reloptions, ', ') AS definition FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND reloptions IS NOT NULL`;

const UNLOGGED = `
  SELECT relname AS table FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relpersistence = 'u'`;

const TRIGGERS = `
  SELECT t.relname AS table, pg_get_triggerdef(g.oid) AS definition
  FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
  WHERE t.relnamespace = 'public'::regnamespace AND NOT g.tgisinternal
  ORDER BY t.relname COLLATE "C", g.tgname COLLATE "C"`;

const FUNCTIONS = `
  SELECT rtrim(pg_get_functiondef(oid)) || ';' AS definition FROM pg_proc
  WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' ORDER BY proname COLLATE "C"`;

/** Those that no column owns: the others come with their tables. */
const SEQUENCES = `
  SELECT s.seqrelid::regclass::text AS name, format_type(s.seqtypid, NULL) AS type
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
  WHERE c.relnamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = s.seqrelid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0)
  ORDER BY c.relname COLLATE "C"`;

/**
 * A database's sequences, tables (columns, constraints, indexes, triggers, options) and functions, in a form that is the same
 * on every server.
 * @param databaseUrl of a migrated database
 * @see {@link schemaDiff}
 */
export async function schemaDump(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const columns = (await client.query<Column>(COLUMNS)).rows;
    const constraints = byTable((await client.query<Definition>(CONSTRAINTS)).rows);
    const indexes = byTable((await client.query<Definition>(INDEXES)).rows);
    const triggers = byTable((await client.query<Definition>(TRIGGERS)).rows);
    const options = byTable((await client.query<Definition>(OPTIONS)).rows);
    const unlogged = new Set((await client.query<{ table: string }>(UNLOGGED)).rows.map(({ table }) => table));
    const tables = [...Map.groupBy(columns, ({ table }) => table)].map(([table, own]) => {
      const lines = [...own.map(({ line }) => line), ...(constraints.get(table) ?? [])].map((line) => `    ${line}`);
      const storage = options.get(table)?.map((option) => ` WITH (${option})`) ?? "";
      const create = unlogged.has(table) ? "CREATE UNLOGGED TABLE" : "CREATE TABLE";
      const statements = [
        `${create} ${table} (\n${lines.join(",\n")}\n)${storage}`,
        ...(indexes.get(table) ?? []),
        ...(triggers.get(table) ?? []),
      ];
      return statements.map((statement) => `${statement};`).join("\n");
    });
    const sequences = (await client.query<{ name: string; type: string }>(SEQUENCES)).rows.map(
      ({ name, type }) => `CREATE SEQUENCE ${name} AS ${type};`,
    );
    const functions = (await client.query<Definition>(FUNCTIONS)).rows.map(({ definition }) => definition);
    return `${[HEADER, ...sequences, ...tables, ...functions].join("\n\n")}\n`;
  } finally {
    await client.end();
  }
}

function byTable(rows: Definition[]): Map<string, string[]> {
  return new Map(
    [...Map.groupBy(rows, ({ table }) => table)].map(([table, own]) => [table, own.map((row) => row.definition)]),
  );
}
