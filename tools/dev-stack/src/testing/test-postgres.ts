import { appendFileSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEV_DIR, publicDir } from "../base/paths.ts";
import { type Report, silent } from "../base/report.ts";
import { freePorts } from "../machine/ports.ts";
import { postgresBinaries } from "../postgres/binaries.ts";
import { initialisePostgres, postgresUrl, runPostgres } from "../postgres/postgres-server.ts";
import { canEnter, makePrivateFolder, makePublicFolder, postgresUser } from "../postgres/run-as.ts";
import { endLeftovers, RECORD_NAME, runDirs } from "../supervisor/leftovers.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { newRunName } from "./run-name.ts";

/** A PostgreSQL of a test's own, without a Keycloak, which ends with this process however that ends. */
export interface TestPostgres {
  port: number;
  /** As the superuser, over TCP. */
  url(database: string): string;
  stop(): Promise<void>;
}

export interface TestPostgresOptions {
  /** Lines of `postgresql.conf`, beside those of the stack's own server. */
  settings?: readonly string[];
  /** Lines of `pg_hba.conf`; the superuser must be let in over TCP by a password. */
  hba?: readonly string[];
  /** Files in the data folder, readable by the server alone: certificates and keys. */
  files?: Readonly<Record<string, string>>;
  report?: Report;
}

const PASSWORD = "only-for-tests";

/** Starts one. @throws StackError where it does not start */
export async function openTestPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  const { settings = [], hba, files = {}, report = silent } = options;
  await endLeftovers(runDirs(DEV_DIR), report);
  const run = newRunName();
  const stateDir = join(DEV_DIR, "runs", run);
  mkdirSync(stateDir, { recursive: true });
  const runAs = postgresUser();
  const isInside = canEnter(stateDir, runAs);
  if (!isInside) makePublicFolder(publicDir());
  const dataDir = join(isInside ? stateDir : publicDir(), `data-${run}`);
  const supervisor = Supervisor.open(join(stateDir, RECORD_NAME), [dataDir, stateDir]);
  try {
    makePrivateFolder(dataDir, runAs);
    const binaries = await postgresBinaries(runAs, report);
    await initialisePostgres({ binaries, runAs, dataDir, password: PASSWORD });
    for (const [name, content] of Object.entries({ ...files, ...(hba && { "pg_hba.conf": hba.join("\n") }) })) {
      writeFileSync(join(dataDir, name), `${content}\n`, { mode: 0o600 });
      if (runAs.uid !== undefined && runAs.gid !== undefined) chownSync(join(dataDir, name), runAs.uid, runAs.gid);
    }
    appendFileSync(join(dataDir, "postgresql.conf"), `\n${settings.join("\n")}\n`);
    const [port = 0] = freePorts(1);
    const server = { binaries, runAs, dataDir, port, password: PASSWORD };
    await runPostgres(supervisor, { ...server, log: join(stateDir, "postgres.log"), throwaway: true });
    return { port, url: (database) => postgresUrl(server, database), stop: () => supervisor.close() };
  } catch (error) {
    await supervisor.close();
    throw error;
  }
}
