import { SetupError } from "@libs/problems";
import pg from "pg";
import { type DatabaseTarget, readDatabaseTarget, type ServerSettings } from "./database-target.ts";
import { NegotiatedConnection } from "./negotiated-connection.ts";
import { SettledQuery } from "./settled-query.ts";
import { discard, watchAnswers } from "./watch-answers.ts";

/**
 * How a connection is set up, besides what its URL says.
 * @see {@link DatabaseClient}
 */
export interface SessionOptions {
  /** Settings of PostgreSQL that hold for every statement; those of the URL go before them. */
  settings?: ServerSettings;
  /** The same, whatever the URL says. */
  fixed?: ServerSettings;
  /** Whether the server stays the same for the life of the connection: of a direct URL that was checked. */
  keepsSession?: boolean;
  /**
   * Left out, a connection is settled before it is used. `false`: nothing is asked, and nothing is set; a statement of its
   * own that gets no answer closes no other connection.
   */
  settles?: boolean;
}

/**
 * Stands for the schema in statements that Prisma writes, and is taken out again: `search_path` says where the tables are.
 * @example
 * ```ts
 * import { SCHEMA_BY_PATH } from "@libs/postgres";
 *
 * export const statement = `SELECT id FROM "${SCHEMA_BY_PATH}"."users"`; // sent as: SELECT id FROM "users"
 * ```
 */
export const SCHEMA_BY_PATH = "schema_by_search_path";
const WRITTEN_SCHEMA = `"${SCHEMA_BY_PATH}".`;

/** Nothing to set for them, or too early for it. */
const TRANSACTION_CONTROL = /^\s*(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|SET)\b/i;
const SETTING_NAME = /^[A-Za-z_][\w.]*$/;

type Callback = (error: Error | null, result?: unknown) => void;
type Query = (...parameters: unknown[]) => unknown;
type QueryInput = string | (pg.QueryConfig & { submit?: unknown });

/**
 * A client of `pg` whose statements mean the same through a pooler. Nothing is sent at start-up but user, database and
 * application name, which every pooler takes. Once connected it asks in one round trip whether the server process is the
 * one that it was let in by: then the settings are set for the session. A pooler lets clients in itself, so that each
 * statement brings the settings along, prepared statements have no name, and nothing is left on the server. A statement
 * without an answer closes what may be dead, see {@link watchAnswers}.
 * @see https://www.pgbouncer.org/features.html
 * @example
 * ```ts
 * import { connectionConfig, DatabaseClient, type SessionOptions } from "@libs/postgres";
 * import pg from "pg";
 *
 * const url = process.env.DATABASE_DIRECT_URL ?? "";
 * const session: SessionOptions = { settings: { lock_timeout: "5s" }, keepsSession: true };
 * const client = new DatabaseClient(url, { connectionTimeoutMillis: 3000 }, session);
 * client.on("error", () => {});
 * await client.connect();
 * await client.query("SELECT pg_advisory_lock(42)");
 * await client.end();
 *
 * export const plain = new pg.Client(connectionConfig(url)); // without the settings
 * ```
 */
export class DatabaseClient extends pg.Client {
  readonly #target: DatabaseTarget;
  readonly #fault: Error | undefined;
  readonly #settings: ServerSettings;
  readonly #session: SessionOptions;
  readonly #plain: Query;
  #isSession = false;

  /**
   * @param config times in milliseconds; what says where to connect to is taken from the URL alone
   * A URL that can't be used (see `databaseUrlFault`) fails {@link connect}: the file of a certificate may be gone by now.
   */
  constructor(url: string, config: pg.ClientConfig = {}, session: SessionOptions = {}) {
    const { target, fault } = readTarget(url);
    super({ ...config, ...partsOf(target) } as pg.ClientConfig);
    this.#target = target;
    this.#fault = fault;
    this.#settings = { ...session.settings, ...target.settings, ...session.fixed };
    this.#session = session;
    this.#plain = super.query.bind(this) as Query;
    this.query = this.#query.bind(this) as typeof this.query;
    if (session.settles !== false) watchAnswers(this);
  }

  /** The server process, as the other side named it at the start: a pooler names none that there is. */
  get claimedPid(): number | null {
    return (this as unknown as { processID: number | null }).processID;
  }

  /** Overrides what `pg` keeps to itself: the parameters that it sends at start-up. */
  protected getStartupConf(): Record<string, string> {
    const { user = "", database = "" } = this;
    const { application_name } = (this as unknown as { connectionParameters: { application_name?: string } })
      .connectionParameters;
    const options = this.#target.startupOptions;
    return { user, database, ...(application_name && { application_name }), ...(options && { options }) };
  }

  override connect(): Promise<pg.Client>;
  override connect(callback: Callback): void;
  override connect(callback?: Callback): Promise<pg.Client> | undefined {
    const connected = this.#connect();
    if (!callback) return connected;
    connected.then(
      () => callback(null, this),
      (error: Error) => callback(error),
    );
    return undefined;
  }

  async #connect(): Promise<pg.Client> {
    if (this.#fault) throw this.#fault;
    // A pool listens to its clients once they are connected. Until then what breaks is reported by this call alone.
    const ignore = () => {};
    this.on("error", ignore);
    await super.connect();
    try {
      if (this.#session.settles !== false) await this.#settle();
    } catch (error) {
      // Whoever gets no connection closes none.
      discard(this);
      throw error;
    }
    this.off("error", ignore);
    return this;
  }

  async #settle(): Promise<void> {
    const isSame = this.#session.keepsSession ? "true" : `pg_backend_pid() = ${Number(this.claimedPid)}`;
    const calls = Object.entries(this.#settings).map(([name, value]) => {
      if (!SETTING_NAME.test(name))
        throw new SetupError("setup.invalid", "a setting has a name that PostgreSQL does not have");
      return `set_config('${name}', ${this.escapeLiteral(value)}, false)`;
    });
    // A CASE runs none of its branches but the one that is taken.
    const set = calls.map((call) => `, CASE WHEN ${isSame} THEN ${call} END`).join("");
    const { rows } = (await this.#plain(`SELECT ${isSame} AS same${set}`)) as pg.QueryResult<{ same: boolean }>;
    this.#isSession = rows[0]?.same === true;
  }

  #query(first: QueryInput, ...others: unknown[]): unknown {
    if (typeof first === "object" && first !== null && "submit" in first) return this.#plain(first, ...others);
    const given = typeof first === "string" ? { text: first } : first;
    const text = given?.text?.includes(WRITTEN_SCHEMA) ? given.text.replaceAll(WRITTEN_SCHEMA, "") : given?.text;
    if (this.#isSession) return this.#plain({ ...given, text }, ...others);
    const unnamed = { ...given, text, name: undefined };
    const isBare = Object.keys(this.#settings).length === 0 || TRANSACTION_CONTROL.test(text ?? "");
    return isBare ? this.#plain(unnamed, ...others) : this.#withSettings(unnamed, others);
  }

  #withSettings(config: pg.QueryConfig, others: unknown[]): unknown {
    const query = new SettledQuery(this.#settings, { ...config, queryMode: "extended" }, ...others);
    const withCallback = query as unknown as { callback?: Callback };
    if (withCallback.callback) return this.#plain(query);
    const { promise, resolve, reject } = Promise.withResolvers();
    withCallback.callback = (error, result) => (error ? reject(error) : resolve(result));
    this.#plain(query);
    return promise;
  }
}

function partsOf({ connectionString, tls }: DatabaseTarget) {
  return { connectionString, ssl: false, connection: new NegotiatedConnection(tls) };
}

/**
 * For whoever makes a client of `pg` itself: where to connect to, and how. A connection serves one client.
 * @param url of a database
 * @see {@link DatabaseClient}
 */
export const connectionConfig = (url: string) => partsOf(readTarget(url).target);

const NOWHERE = { connectionString: "postgresql://", schema: undefined, startupOptions: undefined, settings: {} };

function readTarget(url: string): { target: DatabaseTarget; fault?: Error } {
  try {
    return { target: readDatabaseTarget(url) };
  } catch (error) {
    const tls = { ways: ["plain"], direct: false, options: {} } as const;
    return {
      target: { ...NOWHERE, tls },
      fault: new SetupError("setup.invalid", `the database URL ${(error as Error).message}`),
    };
  }
}
