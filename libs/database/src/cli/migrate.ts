/**
 * Applies what the database of `DATABASE_URL` (or of the file in `DATABASE_URL_FILE`) lacks of `prisma/migrations`.
 *
 * Usage: `DATABASE_URL=postgresql://… bun libs/database/src/cli/migrate.ts`
 */
import { currentSecret, SecretFileError, secretFromEnvironment } from "@libs/observability/secrets";
import { MigrationError, migrate } from "../migrate.ts";

try {
  const url = currentSecret(secretFromEnvironment("DATABASE_URL", process.env) ?? "");
  if (!url) {
    console.error("DATABASE_URL is not set");
    process.exit(1);
  }
  const { applied, already } = await migrate(url);
  for (const name of applied) console.log(`applied ${name}`);
  if (applied.length === 0) console.log(`up to date (${already} applied before)`);
} catch (error) {
  if (!(error instanceof MigrationError || error instanceof SecretFileError)) throw error;
  console.error(error.message);
  process.exit(1);
}
