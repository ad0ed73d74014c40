/**
 * Writes `prisma/schema.sql` from a database that has every migration.
 *
 * Usage: `DATABASE_URL=postgresql://… bun libs/database/src/cli/dump.ts`
 */
import { writeFileSync } from "node:fs";
import { SCHEMA_DUMP_PATH, schemaDump } from "./schema/index.ts";

const url = process.env.DATABASE_URL;
if (!url) {
  console.error("DATABASE_URL is not set");
  process.exit(1);
}
writeFileSync(SCHEMA_DUMP_PATH, await schemaDump(url));
