/**
 * Prints the statements that take a database to `prisma/schema.prisma`: the start of a new migration. Needs no native
 * engine. Exit code 0 where nothing is missing, 2 where something is.
 *
 * Usage: `DATABASE_URL=postgresql://… bun libs/database/src/cli/diff.ts [--empty]`
 */
import { schemaDiff } from "./schema/index.ts";

const url = process.env.DATABASE_URL;
if (!url) {
  console.error("DATABASE_URL is not set");
  process.exit(1);
}
const { agrees, sql } = await schemaDiff(url, process.argv.includes("--empty"));
console.log(sql);
process.exit(agrees ? 0 : 2);
