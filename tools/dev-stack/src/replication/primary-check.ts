import { Client } from "pg";

/** An HTTP server for a proxy's health check, as the usual managers of PostgreSQL clusters have one: 200 is the primary. */
export interface PrimaryCheck {
  port: number;
  stop(): Promise<void>;
}

const TIMEOUT_MS = 1_000;

/** @param url of a server that need not run yet */
export function servePrimaryCheck(url: string): PrimaryCheck {
  let client: Client | undefined;
  const ask = async (): Promise<boolean> => {
    if (!client) {
      const fresh = new Client({
        connectionString: url,
        connectionTimeoutMillis: TIMEOUT_MS,
        query_timeout: TIMEOUT_MS,
      });
      fresh.on("error", () => {});
      await fresh.connect();
      client = fresh;
    }
    const { rows } = await client.query<{ writes: boolean }>(
      "SELECT NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::bool AS writes",
    );
    return rows[0]?.writes ?? false;
  };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async () => {
      const isPrimary = await ask().catch(() => {
        client?.end().catch(() => {});
        client = undefined;
        return false;
      });
      return new Response(null, { status: isPrimary ? 200 : 503 });
    },
  });
  return {
    port: server.port ?? 0,
    stop: async () => {
      await server.stop(true);
      await client?.end().catch(() => {});
    },
  };
}
