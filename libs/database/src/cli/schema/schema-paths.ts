import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const prismaDir = resolve(dirname(fileURLToPath(import.meta.url)), "../../../../../prisma");

/** The source of the client and of the migrations. */
export const SCHEMA_PATH = resolve(prismaDir, "schema.prisma");
/**
 * File of the committed dump of a migrated database.
 * @see {@link schemaDiff}
 */
export const SCHEMA_DUMP_PATH = resolve(prismaDir, "schema.sql");
