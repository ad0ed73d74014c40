import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { APP_DATABASE, KEYCLOAK_DATABASE, LOOPBACK } from "./base/constants.ts";
import { publicDir } from "./base/paths.ts";
import { type Report, withHeartbeat } from "./base/report.ts";
import { StackError } from "./base/stack-error.ts";
import { KeycloakCluster } from "./cluster/keycloak-cluster.ts";
import { demandNoNewerData } from "./keycloak/data-version.ts";
import { keycloakDistribution } from "./keycloak/distribution.ts";
import type { JvmProfile } from "./keycloak/java-command.ts";
import { managementUrl } from "./keycloak/keycloak-environment.ts";
import { type KeycloakServerOptions, keycloakReady, runKeycloak } from "./keycloak/keycloak-server.ts";
import { debianProgram } from "./machine/debian-package.ts";
import type { Java } from "./machine/java.ts";
import { demandFree } from "./machine/ports.ts";
import { createDatabase } from "./postgres/administer.ts";
import { type PostgresBinaries, postgresBinaries } from "./postgres/binaries.ts";
import { demandSameMajor, initialisePostgres, postgresUrl, runPostgres } from "./postgres/postgres-server.ts";
import { canEnter, makePrivateFolder, makePublicFolder, postgresUser, type RunAs } from "./postgres/run-as.ts";
import { type Credentials, DataTemplate } from "./postgres/template.ts";
import type { Servers } from "./servers.ts";
import { RECORD_NAME } from "./supervisor/leftovers.ts";
import { Supervisor } from "./supervisor/supervisor.ts";
import type { WantedVersions } from "./wanted-versions.ts";

/** Versions that are absent are those that the environment names, or the default ones. */
export interface NativeOptions extends WantedVersions {
  java: Java;
  /** Folder for logs, credentials and the supervisor's record. */
  stateDir: string;
  /** Name of the data folder, inside `stateDir` where PostgreSQL's user can get there. */
  dataName: string;
  ports: { keycloak: number; management: number; postgres: number };
  jvm: JvmProfile;
  /** Two nodes of Keycloak on the one database, behind HAProxy on Keycloak's port. */
  cluster?: boolean;
  /** Data and state are removed when the servers stop, and nothing is forced to disk. */
  throwaway: boolean;
  /** Removes existing data first. */
  fresh: boolean;
  /** Files that mean nothing once the servers have stopped, however that came about. */
  disposable?: readonly string[];
  report: Report;
}

/** Starts Keycloak and PostgreSQL as processes of this machine, owned by a supervisor. */
export async function startNative(options: NativeOptions): Promise<Servers> {
  const { ports } = options;
  mkdirSync(options.stateDir, { recursive: true });
  demandFree([
    { name: "keycloak", port: ports.keycloak },
    { name: "management", port: ports.management },
    { name: "postgres", port: ports.postgres },
  ]);
  const runAs = postgresUser();
  const dataDir = dataFolder(options, runAs);
  const disposable = options.throwaway ? [dataDir, `${dataDir}.new`, options.stateDir] : options.disposable;
  const supervisor = Supervisor.open(join(options.stateDir, RECORD_NAME), disposable);
  try {
    return await bringUp(options, { supervisor, runAs, dataDir });
  } catch (error) {
    await supervisor.close();
    throw error;
  }
}

interface Place {
  supervisor: Supervisor;
  runAs: RunAs;
  dataDir: string;
}

async function bringUp(options: NativeOptions, { supervisor, runAs, dataDir }: Place): Promise<Servers> {
  const { stateDir, report, java, ports, jvm, throwaway } = options;
  const { home, version } = await keycloakDistribution(java, report, options.keycloakVersion);
  const binaries = await postgresBinaries(runAs, report, options.postgresVersion);
  const template = new DataTemplate({ keycloak: version, postgres: binaries.version });
  const credentials = await prepareData({ ...options, dataDir, runAs, binaries, template });
  const { postgresPassword, keycloakAdmin } = credentials;
  const logs = { keycloak: join(stateDir, "keycloak.log"), postgres: join(stateDir, "postgres.log") };
  for (const log of Object.values(logs)) writeFileSync(log, "", { mode: 0o600 });

  const server = { binaries, runAs, dataDir, port: ports.postgres, password: postgresPassword };
  const postgres = await runPostgres(supervisor, { ...server, log: logs.postgres, throwaway });
  report(`PostgreSQL: ready on port ${ports.postgres}`);
  const databaseUrl = postgresUrl(server, APP_DATABASE);
  const isNew = await createDatabase(databaseUrl, KEYCLOAK_DATABASE);
  if (!isNew) await demandNoNewerData(postgresUrl(server, KEYCLOAK_DATABASE), version);
  await createDatabase(databaseUrl, APP_DATABASE);

  const settings = { version, ports, postgresPassword, admin: keycloakAdmin };
  const one = { ...settings, java, home, jvm, throwaway, log: logs.keycloak };
  const name = `Keycloak ${version}`;
  const label = isNew ? `${name}: starting, creates its tables (the first time only)` : `${name}: starting`;
  const { pid, cluster } = await withHeartbeat(report, label, () =>
    options.cluster ? startCluster(supervisor, one, report) : startSingle(supervisor, one),
  );
  report(`Keycloak: ready on port ${ports.keycloak}`);
  if (isNew) await template.take({ dataDir, serverUrl: postgresUrl(server, "postgres"), credentials });
  const keycloakUrl = `http://${LOOPBACK}:${ports.keycloak}`;
  const pids = { keycloak: pid, postgres: postgres.pid };
  const urls = { keycloakUrl, managementUrl: managementUrl(settings), databaseUrl };
  const versions = { keycloak: version, postgres: binaries.major };
  const ours = { pids, logs: { ...logs, ...cluster?.logs }, supervisor, cluster, stop: () => supervisor.close() };
  return { way: "native", ...urls, keycloakAdmin, versions, ...ours };
}

interface StartedKeycloak {
  pid: number;
  cluster?: KeycloakCluster;
}

async function startSingle(supervisor: Supervisor, settings: KeycloakServerOptions): Promise<StartedKeycloak> {
  const keycloak = await runKeycloak(supervisor, settings);
  await keycloakReady(keycloak, managementUrl(settings));
  return { pid: keycloak.pid };
}

async function startCluster(
  supervisor: Supervisor,
  one: KeycloakServerOptions,
  report: Report,
): Promise<StartedKeycloak> {
  const cluster = await KeycloakCluster.start(supervisor, one, await debianProgram("haproxy", { report }));
  return { pid: cluster.pid("a"), cluster };
}

/** Inside the state folder, or in a folder of its own where PostgreSQL's user can't enter that one. */
function dataFolder({ stateDir, dataName }: NativeOptions, runAs: RunAs): string {
  if (canEnter(stateDir, runAs)) return join(stateDir, dataName);
  makePublicFolder(publicDir());
  return join(publicDir(), dataName);
}

/** Makes sure that the data folder is filled, and returns the passwords that belong to it. */
async function prepareData(
  options: NativeOptions & { dataDir: string; runAs: RunAs; binaries: PostgresBinaries; template: DataTemplate },
): Promise<Credentials> {
  const { dataDir, stateDir, binaries, template } = options;
  const file = join(stateDir, "credentials.json");
  if (options.fresh) rmSync(dataDir, { recursive: true, force: true });
  if (existsSync(dataDir)) {
    demandSameMajor(dataDir, binaries.major);
    return readCredentials(file);
  }
  // Only complete data with its passwords on record ever gets the final name.
  const draft = `${dataDir}.new`;
  rmSync(draft, { recursive: true, force: true });
  const copied = await template.copyTo(draft);
  options.report(`PostgreSQL: new data${copied ? " from the cached template" : ""}`);
  const credentials = copied ?? newCredentials();
  if (!copied) await initialise({ ...options, draft, password: credentials.postgresPassword });
  writeFileSync(file, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, dataDir);
  return credentials;
}

async function initialise(options: {
  draft: string;
  password: string;
  runAs: RunAs;
  binaries: PostgresBinaries;
}): Promise<void> {
  const { draft, runAs, binaries, password } = options;
  makePrivateFolder(draft, runAs);
  await initialisePostgres({ binaries, runAs, dataDir: draft, password });
}

function newCredentials(): Credentials {
  const password = () => randomBytes(18).toString("base64url");
  return { postgresPassword: password(), keycloakAdmin: { username: "admin", password: password() } };
}

function readCredentials(file: string): Credentials {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Credentials;
  } catch {
    throw new StackError(`The passwords of the existing data are missing (${file}). \`--fresh\` starts over.`);
  }
}
