import { DatabaseClient } from "./connect/database-client.ts";
import { detectPooling, type Pooling } from "./connect/detect-pooling.ts";
import { ConnectionError, connectionFailure } from "./reach/connection-failure.ts";

/**
 * What is known of the URL for LISTEN and background work.
 * @see {@link inspectDirect}
 */
export interface DirectFacts {
  pooling: Pooling;
  /** Whether both URLs lead to one database of one server. */
  isSame: boolean;
}

/** One server's start has this time, to the microsecond, and no other's; its databases have numbers. */
const IDENTITY = `
  SELECT pg_postmaster_start_time()::text || ' ' || (SELECT oid FROM pg_database WHERE datname = current_database()) AS id`;

/**
 * Finds out what answers at the URL for LISTEN and background work.
 * @param options.pooledUrl the URL that serves everything else, where it is another one
 * @param options.timeoutMs milliseconds for each connection and statement
 * @throws ConnectionError where `url` gives no connection; whether `pooledUrl` does is not said
 * @example
 * ```ts
 * import { ConnectionError, type DirectFacts, inspectDirect } from "@libs/postgres/schema-check";
 *
 * try {
 *   const url = process.env.DATABASE_DIRECT_URL ?? "";
 *   const facts: DirectFacts = await inspectDirect({ url, pooledUrl: process.env.DATABASE_URL, timeoutMs: 3000 });
 *   console.log(facts.pooling, facts.isSame);
 * } catch (error) {
 *   if (error instanceof ConnectionError) console.error(error.failure.kind);
 * }
 * ```
 */
export async function inspectDirect(options: {
  url: string;
  pooledUrl?: string | undefined;
  timeoutMs: number;
}): Promise<DirectFacts> {
  const { url, pooledUrl, timeoutMs } = options;
  try {
    const pooling = await detectPooling(url, timeoutMs);
    if (!pooledUrl) return { pooling, isSame: true };
    const own = await identityOf(url, timeoutMs);
    const other = await identityOf(pooledUrl, timeoutMs).catch(() => own);
    return { pooling, isSame: own === other };
  } catch (error) {
    throw new ConnectionError(connectionFailure(error));
  }
}

async function identityOf(url: string, timeoutMs: number): Promise<string | undefined> {
  const limits = { connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs };
  const client = new DatabaseClient(url, { ...limits, application_name: "keycloak-sync-gateway check" });
  client.on("error", () => {});
  try {
    await client.connect();
    return (await client.query<{ id: string }>(IDENTITY)).rows[0]?.id;
  } finally {
    void client.end().catch(() => {});
  }
}
