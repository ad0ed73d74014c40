/** A process that migrates, to be killed: `migrate-runner.ts URL FOLDER`. Each line that it reports goes to standard output. */
import { migrate } from "@libs/database/migrate";

const [, , url = "", migrationsDir = ""] = process.argv;
try {
  const { applied } = await migrate(url, { migrationsDir, report: (line) => console.log(line) });
  console.log(`applied: ${applied.join(", ")}`);
} catch (error) {
  console.log(`failed: ${(error as Error).message}`);
  process.exitCode = 1;
}
