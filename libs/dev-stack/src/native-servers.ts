import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { APP_DATABASE, KEYCLOAK_DATABASE, LOOPBACK } from "./constants.ts";
import { Keeper } from "./keeper/keeper.ts";
import { RECORD_NAME } from "./keeper/leftovers.ts";
import { keycloakHome } from "./keycloak/distribution.ts";
import type { JvmProfile } from "./keycloak/java-command.ts";
import { keycloakReady, runKeycloak } from "./keycloak/keycloak-server.ts";
import type { Java } from "./machine/java.ts";
import { demandFree } from "./machine/ports.ts";
import { publicDir } from "./paths.ts";
import { createDatabase } from "./postgres/administer.ts";
import { type PostgresBinaries, postgresBinaries } from "./postgres/binaries.ts";
import { initialisePostgres, postgresUrl, runPostgres } from "./postgres/postgres-server.ts";
import { canEnter, makePrivateFolder, makePublicFolder, postgresUser, type RunAs } from "./postgres/run-as.ts";
import { type Credentials, copyTemplate, findTemplate, takeTemplate } from "./postgres/template.ts";
import { type Report, withHeartbeat } from "./report.ts";
import type { Servers } from "./servers.ts";
import { StackError } from "./stack-error.ts";

export interface NativeOptions {
  java: Java;
  /** Folder for logs, credentials and the keeper's record. */
  stateDir: string;
  /** Name of the data folder, inside `stateDir` where PostgreSQL's user can get there. */
  dataName: string;
  ports: { keycloak: number; management: number; postgres: number };
  jvm: JvmProfile;
  /** Data and state are removed when the servers stop, and nothing is forced to disk. */
  throwaway: boolean;
  /** Removes existing data first. */
  fresh: boolean;
  /** Files that mean nothing once the servers have stopped, however that came about. */
  disposable?: readonly string[];
  report: Report;
}

/** Starts Keycloak and PostgreSQL as processes of this machine, owned by a keeper. */
export async function startNative(options: NativeOptions): Promise<Servers> {
  const { stateDir, report, java, ports, jvm, throwaway } = options;
  mkdirSync(stateDir, { recursive: true });
  await demandFree([
    { name: "keycloak", port: ports.keycloak },
    { name: "management", port: ports.management },
    { name: "postgres", port: ports.postgres },
  ]);
  const home = keycloakHome(java, report);
  const runAs = postgresUser();
  const binaries = await postgresBinaries(runAs).catch((error: unknown) => {
    home.catch(() => {});
    throw error;
  });
  const dataDir = dataFolder(options, runAs);
  const credentials = await prepareData({ ...options, dataDir, runAs, binaries });
  const logs = { keycloak: join(stateDir, "keycloak.log"), postgres: join(stateDir, "postgres.log") };
  for (const log of Object.values(logs)) writeFileSync(log, "", { mode: 0o600 });
  const keycloak = await home;
  const keeper = Keeper.open(join(stateDir, RECORD_NAME), throwaway ? [dataDir, stateDir] : options.disposable);
  try {
    const password = credentials.postgresPassword;
    const server = { binaries, runAs, dataDir, port: ports.postgres, password, log: logs.postgres, throwaway };
    const postgres = await runPostgres(keeper, server);
    report(`PostgreSQL: ready on port ${ports.postgres}`);
    const databaseUrl = postgresUrl(server, APP_DATABASE);
    const isNew = await createDatabase(databaseUrl, KEYCLOAK_DATABASE);
    await createDatabase(databaseUrl, APP_DATABASE);
    const process = await runKeycloak(keeper, {
      ...{ java, home: keycloak, jvm, ports, throwaway, log: logs.keycloak },
      ...{ postgresPassword: password, admin: credentials.keycloakAdmin },
    });
    const managementUrl = `http://${LOOPBACK}:${ports.management}`;
    const label = isNew ? "Keycloak: starting, creates its tables (the first time only)" : "Keycloak: starting";
    await withHeartbeat(report, label, () => keycloakReady(process, managementUrl));
    report(`Keycloak: ready on port ${ports.keycloak}`);
    if (isNew) {
      const template = { dataDir, credentials, postgresVersion: binaries.version };
      await takeTemplate({ ...template, serverUrl: postgresUrl(server, "postgres") });
    }
    return {
      way: "native",
      keycloakUrl: `http://${LOOPBACK}:${ports.keycloak}`,
      managementUrl,
      keycloakAdmin: credentials.keycloakAdmin,
      databaseUrl,
      pids: { keycloak: process.pid, postgres: postgres.pid },
      logs,
      keeper,
      stop: () => keeper.close(),
    };
  } catch (error) {
    await keeper.close();
    throw error;
  }
}

/** Inside the state folder, or in a folder of its own where PostgreSQL's user can't enter that one. */
function dataFolder({ stateDir, dataName }: NativeOptions, runAs: RunAs): string {
  if (canEnter(stateDir, runAs)) return join(stateDir, dataName);
  makePublicFolder(publicDir());
  return join(publicDir(), dataName);
}

/** Makes sure that the data folder is filled, and returns the passwords that belong to it. */
async function prepareData(
  options: NativeOptions & { dataDir: string; runAs: RunAs; binaries: PostgresBinaries },
): Promise<Credentials> {
  const { dataDir, stateDir, runAs, binaries, report } = options;
  const file = join(stateDir, "credentials.json");
  if (options.fresh) rmSync(dataDir, { recursive: true, force: true });
  if (existsSync(join(dataDir, "PG_VERSION"))) return readCredentials(file);
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) {
    // An initdb that was killed half-way left this.
    rmSync(dataDir, { recursive: true, force: true });
  }
  const template = findTemplate(binaries.version);
  if (template && (await copyTemplate(template, dataDir))) {
    report("PostgreSQL: new data from the cached template");
    return keep(file, template.credentials);
  }
  report("PostgreSQL: creating its data folder …");
  const credentials = newCredentials();
  makePrivateFolder(dataDir, runAs);
  const { postgresPassword: password } = credentials;
  const { ports, throwaway } = options;
  await initialisePostgres({ binaries, runAs, dataDir, port: ports.postgres, password, log: "", throwaway });
  return keep(file, credentials);
}

function newCredentials(): Credentials {
  const password = () => randomBytes(18).toString("base64url");
  return { postgresPassword: password(), keycloakAdmin: { username: "admin", password: password() } };
}

function keep(file: string, credentials: Credentials): Credentials {
  writeFileSync(file, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
  return credentials;
}

function readCredentials(file: string): Credentials {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Credentials;
  } catch {
    throw new StackError(`The passwords of the existing data are missing (${file}). \`--fresh\` begins anew.`);
  }
}
