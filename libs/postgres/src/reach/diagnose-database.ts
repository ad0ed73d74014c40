import { DatabaseClient } from "../connect/database-client.ts";
import { databaseUrlFault } from "../connect/database-url-fault.ts";
import { describeConnectionFailure } from "./describe-connection-failure.ts";

const TIMEOUT_MS = 5_000;

/**
 * Tries one connection to PostgreSQL.
 * @param url of the database
 * @param options.timeoutMs milliseconds for the connection and for its one statement
 * @param options.variable what gave the URL
 * @returns why it fails and what to do, in one sentence without a password; undefined when it works
 * @example
 * ```ts
 * import { DatabaseClient, describeConnectionFailure, diagnoseDatabase } from "@libs/postgres";
 *
 * const url = process.env.DATABASE_URL ?? "";
 * const problem = await diagnoseDatabase(url, { timeoutMs: 3000 });
 * if (problem !== undefined) console.error(problem);
 *
 * const client = new DatabaseClient(url);
 * await client.connect().catch((error) => console.error(describeConnectionFailure(error, url)));
 * ```
 */
export async function diagnoseDatabase(
  url: string,
  { timeoutMs = TIMEOUT_MS, variable }: { timeoutMs?: number; variable?: string } = {},
): Promise<string | undefined> {
  const fault = databaseUrlFault(url, variable);
  if (fault) return fault;
  let client: DatabaseClient | undefined;
  try {
    client = new DatabaseClient(url, { connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs });
    client.on("error", () => {});
    await client.connect();
    await client.query("SELECT 1");
    return undefined;
  } catch (error) {
    return describeConnectionFailure(error, url, variable);
  } finally {
    await client?.end().catch(() => {});
  }
}
