import { DatabaseClient } from "../connect/database-client.ts";
import { databaseUrlFault } from "../connect/database-url-fault.ts";
import { describeConnectionFailure } from "./describe-connection-failure.ts";

const TIMEOUT_MS = 5_000;

/**
 * Tries one connection to PostgreSQL.
 * @param options.timeoutMs milliseconds for the connection and for its one statement
 * @param options.variable what gave the URL
 * @returns why it fails and what to do, in one sentence without a password; undefined when it works
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
