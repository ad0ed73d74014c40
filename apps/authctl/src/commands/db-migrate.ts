import { migrate } from "@libs/database/migrate";
import { z } from "zod";
import { type Environment, readVariables } from "../read-variables.ts";

const variables = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).describe("the application's database, a postgresql:// URL"),
});

/** One line a variable, for the command's help. */
export const dbMigrateVariables: string = Object.entries(variables.shape)
  .map(([name, field]) => `  ${name.padEnd(32)} ${field.description}`)
  .join("\n");

/** `authctl db migrate`: applies the migrations that the database does not have yet. @throws UsageError, MigrationError */
export async function dbMigrate(environment: Environment, print: (line: string) => void): Promise<void> {
  const { DATABASE_URL } = readVariables(variables, environment);
  const { applied } = await migrate(DATABASE_URL);
  for (const name of applied) print(`applied ${name}`);
  print(applied.length === 0 ? "nothing to apply" : `${applied.length} migrations applied`);
}
