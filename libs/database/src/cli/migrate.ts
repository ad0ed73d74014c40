/**
 * Applies what the database of `DATABASE_DIRECT_URL`, or of `DATABASE_URL` without it, lacks of `prisma/migrations`. Either
 * may come from a file (`DATABASE_URL_FILE`).
 *
 * Usage: `DATABASE_URL=postgresql://… bun libs/database/src/cli/migrate.ts`
 */
import { currentSecret, SecretFileError, secretFromEnvironment } from "@libs/observability/secrets";
import { directUrlOf, MigrationError, migrate } from "../migrate.ts";

try {
  const [DATABASE_URL, DATABASE_DIRECT_URL] = ["DATABASE_URL", "DATABASE_DIRECT_URL"].map((name) =>
    currentSecret(secretFromEnvironment(name, process.env) ?? ""),
  );
  const { url, variable } = directUrlOf({ DATABASE_URL: DATABASE_URL ?? "", DATABASE_DIRECT_URL });
  if (!url) {
    console.error("DATABASE_URL is not set");
    process.exit(1);
  }
  const { applied, already } = await migrate(url, { variable, report: (line) => console.error(line) });
  for (const name of applied) console.log(`applied ${name}`);
  if (applied.length === 0) console.log(`up to date (${already} applied before)`);
} catch (error) {
  if (!(error instanceof MigrationError || error instanceof SecretFileError)) throw error;
  console.error(error.message);
  process.exit(1);
}
