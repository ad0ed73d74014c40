import { resolve } from "node:path";
import { PRISMA_DIR } from "../../prisma-folder.ts";

/** The source of the client and of the migrations. */
export const SCHEMA_PATH = resolve(PRISMA_DIR, "schema.prisma");
/**
 * File of the committed dump of a migrated database.
 * @see {@link schemaDiff}
 */
export const SCHEMA_DUMP_PATH = resolve(PRISMA_DIR, "schema.sql");
