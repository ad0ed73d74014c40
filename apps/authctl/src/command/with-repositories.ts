import { createDatabase, createRepositories, type Repositories } from "@libs/database";
import { type Environment, readVariables } from "../input/read-variables.ts";
import { databaseVariables } from "./common-variables.ts";

/** Lends `work` the application's tables, and lets go of them. @throws UsageError where variables are missing */
export async function withRepositories<T>(
  environment: Environment,
  work: (ports: Repositories) => Promise<T>,
): Promise<T> {
  const { DATABASE_URL } = readVariables(databaseVariables, environment);
  const database = createDatabase(DATABASE_URL, { poolSize: 2, applicationName: "authctl" });
  try {
    return await work(createRepositories(database));
  } finally {
    await database.$disconnect();
  }
}
