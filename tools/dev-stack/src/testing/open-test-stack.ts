import { silent } from "../base/report.ts";
import type { KeycloakCluster } from "../cluster/keycloak-cluster.ts";
import { poolServices } from "../pooler/test-pooler.ts";
import type { Servers } from "../servers.ts";
import { newSecrets } from "../stack-secrets.ts";
import { isPartOfParallelRun } from "./parallel-run.ts";
import { newRunName } from "./run-name.ts";
import { type TestDatabase, TestDatabases } from "./test-databases.ts";
import { createTestRealm, type TestRealm, type TestRealmOptions } from "./test-realm.ts";
import { openTestServers, sweepOldRuns, type TestServersOptions } from "./test-servers.ts";

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

export interface TestStackOptions extends TestServersOptions {
  /** Settings of the realm. */
  realm?: TestRealmOptions;
}

/** Attaches to a stack or starts one, and makes a realm and a database on it. The caller stops it. */
export async function openTestStack(options: TestStackOptions = {}): Promise<TestStack> {
  const run = newRunName();
  const { servers, attached } = await openTestServers(run, options);
  // Those of a parallel run end with it, and what was made on them too.
  const dropsItsOwn = attached && !isPartOfParallelRun();
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
    if (dropsItsOwn) {
      await databases?.dropAll();
      for (const realm of realms) await realm.drop();
    }
    await servers.stop();
  };
  try {
    if (dropsItsOwn) await sweepOldRuns(servers);
    stopPooler = await poolServices(servers.databaseUrl, options.report ?? silent);
    const [opened, realm] = await Promise.all([
      TestDatabases.open(servers.databaseUrl, run),
      createRealm(options.realm),
    ]);
    databases = opened;
    const { url } = await opened.create();
    const { keycloakUrl, managementUrl, keycloakAdmin, logs, versions, pids } = servers;
    return {
      keycloakUrl,
      managementUrl,
      keycloakAdmin,
      logs,
      versions,
      pids,
      cluster: servers.cluster,
      realm: realm.realm,
      issuer: realm.issuer,
      clientId: realm.clientId,
      clientSecret: realm.clientSecret,
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
