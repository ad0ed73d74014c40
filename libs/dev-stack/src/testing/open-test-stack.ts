import { join } from "node:path";
import { DEV_DIR } from "../base/paths.ts";
import { type Report, silent } from "../base/report.ts";
import { StackError } from "../base/stack-error.ts";
import type { KeycloakCluster } from "../cluster/keycloak-cluster.ts";
import { givenServers } from "../given-servers.ts";
import type { JvmProfile } from "../keycloak/java-command.ts";
import { freePorts } from "../machine/ports.ts";
import { poolServices } from "../pooler/test-pooler.ts";
import type { Servers } from "../servers.ts";
import { readStackFile } from "../stack-file.ts";
import { newSecrets } from "../stack-secrets.ts";
import { startServers } from "../start-servers.ts";
import { hasWantedVersions } from "../wanted-versions.ts";
import { isOldRun, newRunName } from "./run-name.ts";
import { dropDatabases, type TestDatabase, TestDatabases } from "./test-databases.ts";
import { createTestRealm, dropRealms, type TestRealm, type TestRealmOptions } from "./test-realm.ts";

/** A real Keycloak and a real PostgreSQL, with a realm and a migrated database of this process's own. */
export interface TestStack extends Omit<TestRealm, "drop"> {
  keycloakUrl: string;
  /** Empty where servers were given without it. */
  managementUrl: string;
  keycloakAdmin: { username: string; password: string };
  /** Migrated; shared by the test files of this process. */
  databaseUrl: string;
  /** In the form of `TOKEN_ENCRYPTION_KEYS`. */
  tokenEncryptionKeys: string;
  /** What the servers write to; none where they were given or are in containers. */
  logs: Servers["logs"];
  /** What runs; not known where servers were given. */
  versions: Servers["versions"];
  /** Process ids, where the servers are processes of this machine. */
  pids: Servers["pids"];
  /** The nodes behind `keycloakUrl`, under `bun run test:cluster`. */
  cluster?: KeycloakCluster;
  /** Another migrated, empty database; dropped with the stack if not before. */
  createDatabase(): Promise<TestDatabase>;
  /** Another realm; dropped with the stack if not before. @param nameEnd goes on its name */
  createRealm(options?: TestRealmOptions, nameEnd?: string): Promise<TestRealm>;
  stop(): Promise<void>;
}

export interface TestStackOptions {
  /** Take a running stack or given servers; on by default. Benchmarks switch it off. */
  attach?: boolean;
  /** A version (26.4.7) or a minor (26.4) of Keycloak: a running stack of another one is left alone. */
  keycloakVersion?: string;
  /** A major of PostgreSQL, from 14. */
  postgresVersion?: string;
  /** Keycloak is a cluster of two nodes, of this stack's own; default: where `KEYCLOAK_CLUSTER` is `1`. */
  cluster?: boolean;
  /** Java options of an own Keycloak; `quick` by default. */
  jvm?: JvmProfile;
  /** Settings of the realm. */
  realm?: TestRealmOptions;
  report?: Report;
}

/** Attaches to a stack or starts one, and makes a realm and a database on it. The caller stops it. */
export async function openTestStack(options: TestStackOptions = {}): Promise<TestStack> {
  const run = newRunName();
  const cluster = options.cluster ?? process.env["KEYCLOAK_CLUSTER"] === "1";
  const attached = options.attach === false || cluster ? undefined : runningServers(options);
  const servers = attached ?? (await ownServers(run, { ...options, cluster }));
  const realms: TestRealm[] = [];
  const createRealm = async (settings?: TestRealmOptions, nameEnd = "") => {
    const name = realms.length === 0 ? run : `${run}_${realms.length}`;
    const realm = await createTestRealm(servers, `${name.replaceAll("_", "-")}${nameEnd}`, settings);
    realms.push(realm);
    return realm;
  };
  let databases: TestDatabases | undefined;
  let stopPooler = async () => {};
  const stop = async () => {
    await stopPooler();
    if (attached) {
      await databases?.dropAll();
      for (const realm of realms) await realm.drop();
    }
    await servers.stop();
  };
  try {
    if (attached) await sweep(servers);
    stopPooler = await poolServices(servers.databaseUrl, options.report ?? silent);
    const [opened, realm] = await Promise.all([
      TestDatabases.open(servers.databaseUrl, run),
      createRealm(options.realm),
    ]);
    databases = opened;
    const { url } = await opened.create();
    const { keycloakUrl, managementUrl, keycloakAdmin, logs, versions, pids } = servers;
    return {
      ...{ keycloakUrl, managementUrl, keycloakAdmin, logs, versions, pids, cluster: servers.cluster },
      ...{ realm: realm.realm, issuer: realm.issuer, clientId: realm.clientId, clientSecret: realm.clientSecret },
      databaseUrl: url,
      tokenEncryptionKeys: newSecrets().tokenEncryptionKeys,
      createDatabase: () => opened.create(),
      createRealm,
      stop,
    };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

/** The servers of a stack that runs already, or those that the environment names. */
function runningServers(options: TestStackOptions): Servers | undefined {
  const stack = readStackFile();
  if (!stack) return options.keycloakVersion || options.postgresVersion ? undefined : givenServers();
  if (!hasWantedVersions(stack.versions, options)) return undefined;
  const { keycloakUrl, managementUrl, keycloakAdmin, databaseUrl, versions, pids } = stack;
  const logs = { keycloak: join(DEV_DIR, "keycloak.log"), postgres: join(DEV_DIR, "postgres.log") };
  const stop = async () => {};
  return { way: "given", keycloakUrl, managementUrl, keycloakAdmin, databaseUrl, versions, pids, logs, stop };
}

async function ownServers(run: string, options: TestStackOptions): Promise<Servers> {
  const { jvm = "quick", cluster = false, report = silent, keycloakVersion, postgresVersion } = options;
  const [keycloak = 0, management = 0, postgres = 0] = freePorts(3);
  const state = { stateDir: join(DEV_DIR, "runs", run), dataName: `data-${run}`, throwaway: true, fresh: true };
  const versions = { keycloakVersion, postgresVersion };
  const ports = { keycloak, management, postgres };
  const servers = await startServers({ ...state, ...versions, ports, jvm, cluster, report });
  if (cluster && !servers.cluster) {
    await servers.stop();
    throw new StackError(
      "A cluster runs as processes of this machine: it needs a Java, and no servers that are given.",
    );
  }
  return servers;
}

/** Runs that were killed while attached could not remove what they made. */
async function sweep(servers: Servers): Promise<void> {
  await dropDatabases(servers.databaseUrl, isOldRun);
  await dropRealms(servers, isOldRun);
}
