/**
 * Applies what `DATABASE_URL` lacks of `prisma/migrations`.
 *
 * Usage: `DATABASE_URL=postgresql://… bun libs/database/src/cli/migrate.ts`
 */
import { MigrationError, migrate } from "../migrate.ts";

const url = process.env.DATABASE_URL;
if (!url) {
  console.error("DATABASE_URL is not set");
  process.exit(1);
}
try {
  const { applied, already } = await migrate(url);
  for (const name of applied) console.log(`applied ${name}`);
  if (applied.length === 0) console.log(`up to date (${already} applied before)`);
} catch (error) {
  if (!(error instanceof MigrationError)) throw error;
  console.error(error.message);
  process.exit(1);
}
