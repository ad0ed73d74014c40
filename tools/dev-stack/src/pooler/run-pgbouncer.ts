import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { LOOPBACK } from "../base/constants.ts";
import type { Report } from "../base/report.ts";
import { StackError } from "../base/stack-error.ts";
import { debianProgram } from "../machine/debian-package.ts";
import { freePorts } from "../machine/ports.ts";
import { logTail, type SupervisedProcess, type Supervisor } from "../supervisor/supervisor.ts";

export type PoolMode = "session" | "transaction";

export interface PgbouncerOptions {
  /** Any database of the server that it stands before, with an account that may read the others' passwords. */
  databaseUrl: string;
  mode: PoolMode;
  /** Folder for its configuration and its log. */
  stateDir: string;
  /** Of the section `[pgbouncer]`, beside what a default installation has. */
  settings?: Readonly<Record<string, string | number>>;
  report: Report;
}

/** A PgBouncer that answers. */
export interface Pgbouncer {
  process: SupervisedProcess;
  /** A database of that server through it, with the same account; what leads elsewhere stays as it is. */
  through(databaseUrl: string): string;
}

const READY_WITHIN_MS = 20_000;
/** It refuses to run as root, and goes over to another user once it has read its files. */
const UNPRIVILEGED = "nobody";

/**
 * Starts a PgBouncer before a PostgreSQL server, for every database and account of it. Everything else is as a default
 * installation has it: no start-up parameter is ignored, and servers are reset in session mode alone.
 * @throws StackError where there is no PgBouncer, or it does not answer
 * @see https://www.pgbouncer.org/config.html
 */
export async function runPgbouncer(supervisor: Supervisor, options: PgbouncerOptions): Promise<Pgbouncer> {
  const { databaseUrl, stateDir, mode } = options;
  const { path, env } = await debianProgram("pgbouncer", options);
  const [port = 0] = freePorts(1);
  const name = `pgbouncer-${mode}-${port}`;
  mkdirSync(stateDir, { recursive: true });
  const log = join(stateDir, `${name}.log`);
  const process = await supervisor.run({
    name,
    command: [path, writeConfiguration(options, name, port)],
    cwd: "/",
    env: { ...env, LC_ALL: "C", TZ: "UTC", PATH: "/usr/bin:/bin" },
    log,
    stopSignal: "SIGTERM",
    graceMs: 2_000,
  });
  const server = new URL(databaseUrl).host;
  const through = (url: string) => {
    const changed = new URL(url);
    if (changed.host !== server) return url;
    changed.host = `${LOOPBACK}:${port}`;
    return changed.href;
  };
  await answers(process, through(databaseUrl));
  return { process, through };
}

function writeConfiguration({ databaseUrl, mode, stateDir, settings }: PgbouncerOptions, name: string, port: number) {
  const { hostname, port: serverPort, username, password } = new URL(databaseUrl);
  const [user, secret] = [username, password].map(decodeURIComponent);
  const file = join(stateDir, `${name}.ini`);
  const accounts = join(stateDir, `${name}-users.txt`);
  const all = {
    listen_addr: LOOPBACK,
    listen_port: port,
    unix_socket_dir: "",
    auth_type: "scram-sha-256",
    auth_file: accounts,
    // Accounts that are not in the file: PostgreSQL knows them.
    auth_user: user,
    auth_query: "SELECT usename, passwd FROM pg_catalog.pg_shadow WHERE usename = $1",
    pool_mode: mode,
    max_client_conn: 1000,
    // Each test file has databases of its own: their connections are not kept for those that follow. Seconds.
    server_idle_timeout: 10,
    // After a login that PostgreSQL refused, clients are kept waiting for so long; 15 by default. Seconds.
    server_login_retry: 1,
    ...(userInfo().uid === 0 ? { user: UNPRIVILEGED } : {}),
    ...settings,
  };
  const lines = Object.entries(all).map(([key, value]) => `${key} = ${value}`);
  const target = `* = host=${hostname} port=${serverPort || 5432}`;
  writeFileSync(accounts, `"${user}" "${secret?.replaceAll('"', '""')}"\n`, { mode: 0o600 });
  writeFileSync(file, `[databases]\n${target}\n[pgbouncer]\n${lines.join("\n")}\n`, { mode: 0o600 });
  return file;
}

async function answers(process: SupervisedProcess, url: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on("error", () => {});
    try {
      await client.connect();
      return;
    } catch (error) {
      const { message } = error as Error;
      if (process.exitCode !== undefined || Date.now() > deadline)
        throw new StackError(`PgBouncer does not answer (${message}). The end of its log:\n${logTail(process.log)}`);
      await delay(50);
    } finally {
      await client.end().catch(() => {});
    }
  }
}
