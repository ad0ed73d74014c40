import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { LOOPBACK } from "../base/constants.ts";
import { DEV_DIR, publicDir } from "../base/paths.ts";
import { type Report, silent } from "../base/report.ts";
import { freePorts } from "../machine/ports.ts";
import { withClient } from "../postgres/administer.ts";
import { type PostgresBinaries, postgresBinaries } from "../postgres/binaries.ts";
import { initialisePostgres, postgresUrl, runPostgres } from "../postgres/postgres-server.ts";
import { canEnter, makePrivateFolder, makePublicFolder, postgresUser, type RunAs } from "../postgres/run-as.ts";
import { backUp } from "../postgres/template.ts";
import { endLeftovers, RECORD_NAME, runDirs } from "../supervisor/leftovers.ts";
import { type SupervisedProcess, Supervisor } from "../supervisor/supervisor.ts";
import { newRunName } from "../testing/run-name.ts";
import { runDatabaseProxy } from "./database-proxy.ts";
import { type PrimaryCheck, servePrimaryCheck } from "./primary-check.ts";

/** One of the servers. */
interface Node {
  port: number;
  dataDir: string;
  check: PrimaryCheck;
  process: SupervisedProcess | undefined;
}

const PASSWORD = "only-for-tests";
const WAL_TIMEOUT_MS = 20_000;

/** How a standby follows. */
export interface StandbyOptions {
  /** Whether a commit waits for it: nothing is lost by its promotion then. */
  synchronous: boolean;
  /** Port at which it reaches the primary; the primary's own when left out. */
  throughPort?: number;
}

/**
 * PostgreSQL with standbys behind HAProxy, for tests of a failover. The servers belong to a supervisor: they end with this
 * process, however it ends.
 */
export class ReplicatedPostgres {
  #primary = 0;
  #used = 1;

  private constructor(
    private readonly supervisor: Supervisor,
    private readonly binaries: PostgresBinaries,
    private readonly runAs: RunAs,
    private readonly folder: string,
    private readonly nodes: readonly Node[],
    private readonly proxyPort: number,
  ) {}

  /** Starts a primary, alone at first. @param most how many servers there will have been */
  static async open(most: number, report: Report = silent): Promise<ReplicatedPostgres> {
    await endLeftovers(runDirs(DEV_DIR), report);
    const run = newRunName();
    const stateDir = join(DEV_DIR, "runs", run);
    mkdirSync(stateDir, { recursive: true });
    const runAs = postgresUser();
    const folder = canEnter(stateDir, runAs) ? join(stateDir, "data") : join(publicDir(), run);
    if (!canEnter(stateDir, runAs)) makePublicFolder(publicDir());
    mkdirSync(folder, { mode: 0o755 });
    const binaries = await postgresBinaries(runAs, report);
    const [proxyPort = 0, ...ports] = freePorts(most + 1);
    const nodes = ports.map((port) => ({
      port,
      dataDir: join(folder, `node-${port}`),
      check: servePrimaryCheck(postgresUrl({ port, password: PASSWORD }, "postgres")),
      process: undefined,
    }));
    const supervisor = Supervisor.open(join(stateDir, RECORD_NAME), [folder, stateDir]);
    const opened = new ReplicatedPostgres(supervisor, binaries, runAs, folder, nodes, proxyPort);
    try {
      const { dataDir } = opened.primary;
      makePrivateFolder(dataDir, runAs);
      await initialisePostgres({ binaries, runAs, dataDir, password: PASSWORD });
      await opened.#run(0);
      const servers = nodes.map(({ port, check }) => ({ port, checkPort: check.port }));
      await runDatabaseProxy(supervisor, { port: proxyPort, servers, folder: stateDir, report });
      return opened;
    } catch (error) {
      await opened.stop();
      throw error;
    }
  }

  /** Through the proxy. */
  url(database: string): string {
    return postgresUrl({ port: this.proxyPort, password: PASSWORD }, database);
  }

  /** The primary, past the proxy. */
  primaryUrl(database: string): string {
    return postgresUrl({ port: this.primary.port, password: PASSWORD }, database);
  }

  get primaryPort(): number {
    return this.primary.port;
  }

  private get primary(): Node {
    return this.nodes[this.#primary] as Node;
  }

  /** Copies the primary to a new standby that follows it, and waits until it has caught up. */
  async addStandby({ synchronous, throughPort }: StandbyOptions): Promise<void> {
    const index = this.#used++;
    const standby = this.nodes[index];
    if (!standby) throw new Error("more standbys than were announced");
    await backUp(this.primaryUrl("postgres"), this.primary.dataDir, standby.dataDir);
    writeFileSync(join(standby.dataDir, "standby.signal"), "");
    const source = `host=${LOOPBACK} port=${throughPort ?? this.primary.port} user=postgres password=${PASSWORD}`;
    appendFileSync(join(standby.dataDir, "postgresql.auto.conf"), `primary_conninfo = '${source}'\n`);
    await this.#run(index);
    if (synchronous) {
      await this.#onPrimary("ALTER SYSTEM SET synchronous_standby_names = '*'");
      await this.#onPrimary("SELECT pg_reload_conf()");
    }
    await this.caughtUp();
  }

  /** Waits until the newest standby has what is committed now. */
  async caughtUp(): Promise<void> {
    const [{ lsn }] = await this.#onPrimary<{ lsn: string }>("SELECT pg_current_wal_lsn()::text AS lsn");
    const end = Date.now() + WAL_TIMEOUT_MS;
    const reached = async () => {
      const [{ is }] = await this.#on<{ is: boolean }>(
        this.#used - 1,
        `SELECT coalesce(pg_last_wal_replay_lsn() >= '${lsn}', false) AS is`,
      );
      return is;
    };
    while (!(await reached())) {
      if (Date.now() > end) throw new Error("the standby does not catch up");
      await delay(50);
    }
  }

  /** The primary dies without a word. */
  async crash(): Promise<void> {
    const { process: server } = this.primary;
    if (!server) return;
    process.kill(server.pid, "SIGKILL");
    await server.exited;
  }

  /** The primary refuses writes from now on; its connections stay. */
  async makeReadOnly(): Promise<void> {
    await this.#onPrimary("ALTER SYSTEM SET default_transaction_read_only = on");
    await this.#onPrimary("SELECT pg_reload_conf()");
  }

  /** The newest standby becomes the primary. @returns when it takes writes, as `performance.now()` */
  async promote(): Promise<number> {
    this.#primary = this.#used - 1;
    await this.#onPrimary("SELECT pg_promote(true, 20)");
    return performance.now();
  }

  /** Stops the servers that are no longer the primary. */
  async stopOthers(): Promise<void> {
    for (const node of this.nodes) {
      if (node === this.primary || !node.process) continue;
      await this.supervisor.stop(node.process.name);
      node.process = undefined;
    }
  }

  async stop(): Promise<void> {
    await this.supervisor.close();
    await Promise.all(this.nodes.map(({ check }) => check.stop()));
  }

  async #run(index: number): Promise<void> {
    const node = this.nodes[index] as Node;
    const { binaries, runAs } = this;
    const log = join(this.folder, `node-${node.port}.log`);
    writeFileSync(log, "", { mode: 0o600 });
    // A commit that says nothing may be lost is on the standby's disk, or its memory here, before it is answered.
    const settings = {
      synchronous_commit: "on",
      wal_receiver_status_interval: "1s",
      wal_retrieve_retry_interval: "200ms",
    };
    const server = { binaries, runAs, dataDir: node.dataDir, port: node.port, password: PASSWORD, log };
    node.process = await runPostgres(this.supervisor, {
      ...server,
      throwaway: true,
      name: `postgres-${node.port}`,
      settings,
    });
  }

  #onPrimary<Row extends object>(sql: string): Promise<[Row, ...Row[]]> {
    return this.#on<Row>(this.#primary, sql);
  }

  async #on<Row extends object>(index: number, sql: string): Promise<[Row, ...Row[]]> {
    const { port } = this.nodes[index] as Node;
    const url = postgresUrl({ port, password: PASSWORD }, "postgres");
    return await withClient(url, async (client) => (await client.query<Row>(sql)).rows as [Row, ...Row[]]);
  }
}
