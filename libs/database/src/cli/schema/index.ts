// For development and tests: what a database lacks of schema.prisma, and what it looks like.
export { openPrismaHistory, type PrismaHistory } from "./prisma-history.ts";
export { type SchemaDiff, schemaDiff } from "./schema-diff.ts";
export { schemaDump } from "./schema-dump.ts";
export { SCHEMA_DUMP_PATH } from "./schema-paths.ts";
