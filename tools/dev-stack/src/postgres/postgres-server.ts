import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { LOOPBACK } from "../base/constants.ts";
import { StackError } from "../base/stack-error.ts";
import { runCommand } from "../machine/run-command.ts";
import { logTail, type SupervisedProcess, type Supervisor } from "../supervisor/supervisor.ts";
import type { PostgresBinaries } from "./binaries.ts";
import type { RunAs } from "./run-as.ts";

export interface PostgresServerOptions {
  binaries: PostgresBinaries;
  runAs: RunAs;
  dataDir: string;
  port: number;
  password: string;
  log: string;
  /** The data is thrown away afterwards: nothing is forced to disk, and the server is killed rather than stopped. */
  throwaway: boolean;
  /** Of the process; `postgres` when left out. */
  name?: string;
  /** Beside and above our own. */
  settings?: Readonly<Record<string, string>>;
}

const READY_WITHIN_MS = 60_000;

/** Address of a database on the server. */
export function postgresUrl(options: { port: number; password: string }, database: string): string {
  return `postgresql://postgres:${encodeURIComponent(options.password)}@${LOOPBACK}:${options.port}/${database}`;
}

/** Creates the data folder's content; the folder exists and is empty. */
export async function initialisePostgres(
  options: Pick<PostgresServerOptions, "binaries" | "runAs" | "dataDir" | "password">,
): Promise<void> {
  const { binaries, runAs, dataDir, password } = options;
  // Beside the folder, because initdb wants the folder itself empty.
  const passwordFile = join(dirname(dataDir), `pg-password-${process.pid}`);
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  try {
    const settings = ["--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", ...locale(binaries.major)];
    const command = [binaries.initdb, `--pgdata=${dataDir}`, "--username=postgres", `--pwfile=${passwordFile}`];
    if (runAs.uid !== undefined) await runCommand(["chown", String(runAs.uid), passwordFile]);
    const { code, output } = await runCommand([...command, ...settings], { ...runAs, cwd: "/" });
    if (code !== 0) throw new StackError(`PostgreSQL's initdb failed:\n${output.trim()}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Letters beyond ASCII have upper and lower case too: since 17 the same on every platform, before by the system's C.UTF-8. */
function locale(major: string): string[] {
  return Number(major) >= 17
    ? ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    : ["--locale=C", `--lc-ctype=${process.platform === "darwin" ? "UTF-8" : "C.UTF-8"}`];
}

/**
 * Refuses existing data of another major, which the server can't read.
 * @throws StackError with both versions
 */
export function demandSameMajor(dataDir: string, major: string): void {
  const actual = readFileSync(join(dataDir, "PG_VERSION"), "utf8").trim();
  if (actual === major) return;
  throw new StackError(
    `The data belongs to PostgreSQL ${actual}, which PostgreSQL ${major} can't use. POSTGRES_VERSION=${actual} keeps using it;\n` +
      "`--fresh` starts over; STACK_DIR names another folder, for a second stack beside this one.",
  );
}

/** Starts PostgreSQL on an initialised folder and waits until it answers. */
export async function runPostgres(supervisor: Supervisor, options: PostgresServerOptions): Promise<SupervisedProcess> {
  const { binaries, runAs, dataDir, port, log, throwaway } = options;
  removeStalePid(dataDir);
  const settings = {
    listen_addresses: LOOPBACK,
    unix_socket_directories: "",
    // Keycloak's pool takes up to 100.
    max_connections: "600",
    shared_buffers: "128MB",
    ...(throwaway ? { fsync: "off", synchronous_commit: "off", full_page_writes: "off" } : {}),
    ...options.settings,
  };
  const process = await supervisor.run({
    name: options.name ?? "postgres",
    command: [
      binaries.postgres,
      "-D",
      dataDir,
      "-p",
      String(port),
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ],
    cwd: "/",
    env: { LC_ALL: "C", TZ: "UTC", PATH: "/usr/bin:/bin" },
    ...runAs,
    log,
    // SIGINT is PostgreSQL's "fast shutdown": sessions are ended, data is written, no recovery at the next start.
    stopSignal: throwaway ? "SIGQUIT" : "SIGINT",
    graceMs: 15_000,
  });
  await answers(process, options);
  return process;
}

async function answers(process: SupervisedProcess, options: { port: number; password: string }): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (process.exitCode !== undefined) {
      throw new StackError(`PostgreSQL ended while it started. The end of ${process.log}:\n${logTail(process.log)}`);
    }
    const client = new Client({ connectionString: postgresUrl(options, "postgres"), connectionTimeoutMillis: 2_000 });
    client.on("error", () => {});
    try {
      await client.connect();
      return;
    } catch (error) {
      // Wrong password: another server's data, or credentials that were lost. Waiting does not help.
      if ((error as { code?: string }).code === "28P01") {
        throw new StackError(
          "PostgreSQL refuses the password on record for its data. `bun run start --fresh` starts over.",
        );
      }
      await delay(50);
    } finally {
      await client.end().catch(() => {});
    }
  }
  throw new StackError(`PostgreSQL did not answer within ${READY_WITHIN_MS / 1000} s. Its log is ${process.log}`);
}

/**
 * A killed server leaves `postmaster.pid`. PostgreSQL ignores it when no process has that pid, but refuses to start when
 * an unrelated process has got the number since.
 */
function removeStalePid(dataDir: string): void {
  const file = join(dataDir, "postmaster.pid");
  let pid: string | undefined;
  try {
    pid = readFileSync(file, "utf8").split("\n")[0];
  } catch {
    return;
  }
  if (!isPostgres(pid ?? "", dataDir)) rmSync(file, { force: true });
}

function isPostgres(pid: string, dataDir: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(dataDir);
  } catch {
    // No such process, or no /proc: on the latter PostgreSQL's own check decides.
    return process.platform !== "linux";
  }
}
