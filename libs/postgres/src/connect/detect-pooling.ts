import { DatabaseClient } from "./database-client.ts";

/**
 * What stands between a client and its server process: nothing, or a pooler that lends one for a session or a transaction.
 * @see {@link detectPooling}
 */
export type Pooling = "none" | "session" | "transaction";

interface Asker {
  /** The server process that answers; null where none does in time. */
  ask(): Promise<number | null>;
  close(): void;
  /** What the server said at the start. */
  claimed: number | null;
}

/** More than a pool has idle connections as a rule: a pooler that takes them in a ring shows the same one again by then. */
const ROUNDS = 40;

/**
 * Finds out whether a URL leads to a pooler, without leaving anything on a server connection. PostgreSQL says at the start
 * which process serves the client; a pooler says something of its own. Then two clients that stay connected ask in turn
 * who serves them: in session mode each has one process for itself as long as it is connected, and nobody else gets that.
 * In transaction mode the process of the one that just asked is free for the other, so that both see the same one, or
 * another than before. One that waits in vain for a process while the other keeps its own is in session mode as well.
 * @param url of the database, or of a pooler in front of it
 * @param timeoutMs milliseconds for a connection and for a statement
 * @throws what `pg` throws where there is no connection
 * @example
 * ```ts
 * import { detectPooling, type Pooling } from "@libs/postgres";
 *
 * const pooling: Pooling = await detectPooling(process.env.DATABASE_URL ?? "", 3000);
 * if (pooling === "transaction") console.warn("LISTEN needs DATABASE_DIRECT_URL");
 * ```
 */
export async function detectPooling(url: string, timeoutMs: number): Promise<Pooling> {
  const first = await connect(url, timeoutMs);
  let second: Asker | undefined;
  try {
    const pid = await first.ask();
    if (pid === first.claimed) return "none";
    second = await connect(url, timeoutMs);
    for (let round = 0; round < ROUNDS; round += 1) {
      const other = await second.ask().catch(nobodyInTime);
      if (other === pid) return "transaction";
      if ((await first.ask()) !== pid) return "transaction";
      if (other === null) return "session";
    }
    return "session";
  } finally {
    first.close();
    second?.close();
  }
}

/** A time-out of this side; what the other side says is an error all the same. */
function nobodyInTime(error: unknown): null {
  if (error instanceof Error && /^Query read timeout/.test(error.message)) return null;
  throw error;
}

async function connect(url: string, timeoutMs: number): Promise<Asker> {
  const limits = { connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs };
  const session = { settles: false };
  const client = new DatabaseClient(url, { ...limits, application_name: "keycloak-sync-gateway check" }, session);
  client.on("error", () => {});
  await client.connect();
  return {
    claimed: client.claimedPid,
    ask: async () => {
      const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      return rows[0]?.pid ?? null;
    },
    // A server that is silent would keep the answer waiting for its goodbye.
    close: () => void client.end().catch(() => {}),
  };
}
