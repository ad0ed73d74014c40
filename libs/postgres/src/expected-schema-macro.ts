// Run by Bun while it reads or bundles the code (a macro): a bundled service has no folder `prisma` beside it.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readMigrations } from "./migration-files.ts";

/**
 * What a database has to have for this code.
 * @see {@link inspectSchema}
 */
export interface ExpectedSchema {
  /** Names, in their order. */
  migrations: string[];
  /** Columns by table. */
  tables: Record<string, string[]>;
  /** Table by trigger: those that notify guards of changes. */
  triggers: Record<string, string>;
  sequences: string[];
}

const PRISMA_DIR = resolve(dirname(fileURLToPath(import.meta.url)), "../../../prisma");

/** Reads the migrations' names and the dump of the schema that they make, `prisma/schema.sql`. */
export function readExpectedSchema(): ExpectedSchema {
  const dump = readFileSync(resolve(PRISMA_DIR, "schema.sql"), "utf8");
  return {
    migrations: readMigrations(resolve(PRISMA_DIR, "migrations")).map(({ name }) => name),
    tables: Object.fromEntries(
      matches(/^CREATE (?:UNLOGGED )?TABLE (\w+) \(\n(.*?)^\)/gms, dump).map(([, table = "", body = ""]) => [
        table,
        matches(/^ {4}"?([a-z]\w*)"? [a-z]/gm, body).map(([, column = ""]) => column),
      ]),
    ),
    triggers: Object.fromEntries(
      matches(/^CREATE TRIGGER (\w+) .*? ON public\.(\w+) /gm, dump).map(([, name = "", table = ""]) => [name, table]),
    ),
    sequences: matches(/^CREATE SEQUENCE (\w+)/gm, dump).map(([, name = ""]) => name),
  };
}

const matches = (pattern: RegExp, text: string) => [...text.matchAll(pattern)];
