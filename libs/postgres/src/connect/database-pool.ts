import pg from "pg";
import { retryConflicts } from "./retry-conflicts.ts";
import { isConflict, isServerGone, SERIALIZATION_FAILURE, sqlState } from "./sql-states.ts";
import { watchQueries } from "./watch-queries.ts";

/** As the statements of this library are written: a condition is checked again on the newest version of a row. */
const BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED";
/** Then a statement is tried without a transaction again, in case the database has been set back. Milliseconds. */
const PIN_FOR_MS = 600_000;

type ConnectCallback = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (destroy?: boolean | Error) => void,
) => void;
type Query = (...parameters: unknown[]) => Promise<unknown>;

/**
 * A pool for an account whose settings may differ from PostgreSQL's own, at an address that may lead to another server
 * from one moment to the next.
 *
 * - Transactions are READ COMMITTED, whatever `default_transaction_isolation` is. `BEGIN` itself says so, because neither
 *   a start-up parameter nor a setting of the session passes a pooler in transaction mode.
 * - A single statement is sent as it is. Where another level makes it fail (40001, which READ COMMITTED does not know), it
 *   is run again within such a transaction, and those after it at once. The victim of a deadlock (40P01) is run again too.
 *   Either code means that nothing was written; any other failure is the caller's.
 * - A server that only reads or shuts down (25006, 57P01, 57P02, 57P03) is left at once: with the connection that said so
 *   go all that were opened before.
 * @see https://www.postgresql.org/docs/current/transaction-iso.html
 * @example
 * ```ts
 * import { DatabasePool, type PoolOptions, poolConfig } from "@libs/postgres";
 *
 * const options: PoolOptions = { poolSize: 4, queryTimeoutMs: 2000 };
 * const pool = new DatabasePool(poolConfig("postgresql://app:secret@db.internal/app", options));
 * pool.on("error", () => {}); // an idle connection broke: the next call opens another
 * const { rows } = (await pool.query("SELECT count(*)::int AS n FROM orders")) as { rows: { n: number }[] };
 * console.log(rows[0]?.n);
 * await pool.end();
 * ```
 */
export class DatabasePool extends pg.Pool {
  /** Counts the servers that were left; a connection belongs to the one that it was opened to. */
  #server = 0;
  readonly #servers = new WeakMap<object, number>();
  #pinnedUntil = Number.NEGATIVE_INFINITY;

  constructor(config: pg.PoolConfig) {
    super(config);
    this.on("connect", (client) => {
      this.#servers.set(client, this.#server);
      watchQueries(client, { begin: BEGIN, onServerGone: () => this.#leaveServerOf(client) });
    });
    this.on("error", (error, client) => {
      if (isServerGone(error)) this.#leaveServerOf(client);
    });
  }

  /** Closes every connection that is open now: idle ones at once, the others when they come back. */
  leaveServer(): void {
    this.#server += 1;
    // Taken and given back: a pool has no other way to close what is idle. Others may be faster: then this waits for a
    // connection of the new server, which stays open, or gets none in time.
    for (let idle = this.idleCount; idle > 0; idle -= 1)
      super.connect((_error, client) => client?.release(this.#isLeft(client)));
  }

  #leaveServerOf(client: object): void {
    if (this.#isLeft(client)) return;
    this.leaveServer();
  }

  #isLeft(client: object): boolean {
    return this.#servers.get(client) !== this.#server;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | undefined {
    const connected = this.#connect();
    if (!callback) return connected;
    connected.then(
      (client) => callback(undefined, client, client.release),
      (error: Error) => callback(error, undefined, () => {}),
    );
    return undefined;
  }

  async #connect(): Promise<pg.PoolClient> {
    for (;;) {
      const client = await super.connect();
      if (!this.#isLeft(client)) return this.#closedOnceLeft(client);
      client.release(true);
    }
  }

  #closedOnceLeft(client: pg.PoolClient): pg.PoolClient {
    const release = client.release.bind(client);
    client.release = (destroy) => release(destroy || this.#isLeft(client));
    return client;
  }

  /** Its parameters and result are those of {@link pg.Pool.query}. */
  override query(...parameters: unknown[]): never {
    const plain = super.query.bind(this) as Query;
    if (typeof parameters.at(-1) === "function") return plain(...parameters) as never;
    const run = async () => {
      try {
        return await (performance.now() < this.#pinnedUntil ? this.#inTransaction(parameters) : plain(...parameters));
      } catch (error) {
        if (sqlState(error) === SERIALIZATION_FAILURE) this.#pinnedUntil = performance.now() + PIN_FOR_MS;
        throw error;
      }
    };
    return retryConflicts(run, isConflict) as never;
  }

  /** Two round trips more. Like the pool's own `query`, it closes the connection after any failure. */
  async #inTransaction(parameters: unknown[]): Promise<unknown> {
    const client = await this.connect();
    const query = client.query.bind(client) as Query;
    // A client in use whose socket breaks emits this beside the failure of its query.
    const ignore = () => {};
    client.on("error", ignore);
    try {
      await query(BEGIN);
      const result = await query(...parameters);
      await query("COMMIT");
      client.release();
      return result;
    } catch (error) {
      client.release(error instanceof Error ? error : true);
      throw error;
    } finally {
      client.off("error", ignore);
    }
  }
}
