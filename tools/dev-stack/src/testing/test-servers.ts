import { join } from "node:path";
import { DEV_DIR } from "../base/paths.ts";
import { type Report, silent } from "../base/report.ts";
import { StackError } from "../base/stack-error.ts";
import { givenServers } from "../given-servers.ts";
import type { JvmProfile } from "../keycloak/java-command.ts";
import { freePorts } from "../machine/ports.ts";
import type { Servers } from "../servers.ts";
import { readStackFile } from "../stack-file.ts";
import { startServers } from "../start-servers.ts";
import { hasWantedVersions } from "../wanted-versions.ts";
import { sharedServers } from "./parallel-run.ts";
import { isOldRun } from "./run-name.ts";
import { dropDatabases } from "./test-databases.ts";
import { dropRealms } from "./test-realm.ts";

/** Which servers tests run on. */
export interface TestServersOptions {
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
  report?: Report;
}

export interface TestServers {
  servers: Servers;
  /** Whether they ran before and go on afterwards. */
  attached: boolean;
}

/**
 * Servers for tests: those of the parallel run that this process is a worker of, of a stack that runs, those that the
 * environment names, or new ones.
 * @param run names the state folder of new ones
 */
export async function openTestServers(run: string, options: TestServersOptions): Promise<TestServers> {
  const cluster = options.cluster ?? process.env["KEYCLOAK_CLUSTER"] === "1";
  const attached = options.attach === false || cluster ? undefined : runningServers(options);
  return attached
    ? { servers: attached, attached: true }
    : { servers: await ownServers(run, { ...options, cluster }), attached: false };
}

/** Runs that were killed while attached could not remove what they made. */
export async function sweepOldRuns(servers: Servers): Promise<void> {
  await dropDatabases(servers.databaseUrl, isOldRun);
  await dropRealms(servers, isOldRun);
}

/** The servers of a stack that runs already, or those that the environment names. */
function runningServers(options: TestServersOptions): Servers | undefined {
  const shared = sharedServers();
  if (shared) return hasWantedVersions(shared.versions, options) ? shared : undefined;
  const stack = readStackFile();
  if (!stack) return options.keycloakVersion || options.postgresVersion ? undefined : givenServers();
  if (!hasWantedVersions(stack.versions, options)) return undefined;
  const { keycloakUrl, managementUrl, keycloakAdmin, databaseUrl, versions, pids } = stack;
  const logs = { keycloak: join(DEV_DIR, "keycloak.log"), postgres: join(DEV_DIR, "postgres.log") };
  const stop = async () => {};
  return { way: "given", keycloakUrl, managementUrl, keycloakAdmin, databaseUrl, versions, pids, logs, stop };
}

async function ownServers(run: string, options: TestServersOptions): Promise<Servers> {
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
