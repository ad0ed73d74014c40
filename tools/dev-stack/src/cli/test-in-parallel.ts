import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { DEV_DIR, ROOT } from "../base/paths.ts";
import type { Report } from "../base/report.ts";
import { RECORD_NAME } from "../supervisor/leftovers.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { RUN_NAME, SHARED_SERVERS, type SharedServers, TRACES } from "../testing/parallel-run.ts";
import { newRunName } from "../testing/run-name.ts";
import { dropDatabases } from "../testing/test-databases.ts";
import { dropRealms } from "../testing/test-realm.ts";
import { openTestServers, sweepOldRuns } from "../testing/test-servers.ts";
import { bunTest } from "./bun-test.ts";

/** How long each file took, so that the longest start first: a file that starts last and waits makes the run longer. */
const TIMINGS = "test/timings.json";

/**
 * Runs test files in several processes on one Keycloak and one PostgreSQL; each process has a realm and a database of
 * its own. Afterwards all that they left is searched for secrets, as a run in one process does.
 * @returns the exit code of `bun test`, or 1 where a secret was left behind
 */
export async function testInParallel(args: readonly string[], workers: number, report: Report): Promise<number> {
  const run = newRunName();
  const folder = join(DEV_DIR, "runs", run);
  const { servers, attached } = await openTestServers(run, { jvm: "steady", report });
  // Where the servers go on, the folder has no other owner: it must not outlive a run that is killed.
  const owner = attached ? Supervisor.open(join(folder, RECORD_NAME), [folder]) : undefined;
  try {
    if (attached) await sweepOldRuns(servers);
    const { way, keycloakUrl, managementUrl, keycloakAdmin, databaseUrl, databaseDirectUrl, versions, pids, logs } =
      servers;
    const shared: SharedServers = {
      way,
      keycloakUrl,
      managementUrl,
      keycloakAdmin,
      databaseUrl,
      databaseDirectUrl,
      versions,
      pids,
      logs,
    };
    const variables = { [SHARED_SERVERS]: JSON.stringify(shared), [RUN_NAME]: run, [TRACES]: folder };
    // Files share the module registry of their worker, as they do in a run in one process: loading it takes seconds.
    const parallel = [`--parallel=${workers}`, "--no-isolate", `--timings=${TIMINGS}`];
    const code = await bunTest([...parallel, ...args], variables);
    const search = spawnSync(process.execPath, ["test/support/search-traces.ts"], {
      cwd: ROOT,
      env: { ...process.env, ...variables },
      stdio: "inherit",
    });
    return code || (search.status ?? 1);
  } finally {
    if (attached) {
      await dropDatabases(servers.databaseUrl, (name) => name.startsWith(run));
      await dropRealms(servers, (name) => name.startsWith(run.replaceAll("_", "-")));
    }
    await owner?.close();
    await servers.stop();
  }
}
