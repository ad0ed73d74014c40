// Runs once after a parallel run: no password and no token of any worker may be anywhere but with its owner.
import { RUN_NAME, SHARED_SERVERS, type SharedServers, TRACES } from "@libs/dev-stack";
import { assertNoSecretsLeft, databasesOfRun } from "./secret-search.ts";
import { readTraces } from "./traces.ts";

const { [SHARED_SERVERS]: servers, [RUN_NAME]: run, [TRACES]: folder } = process.env;
if (!servers || !run || !folder) throw new Error(`${SHARED_SERVERS}, ${RUN_NAME} and ${TRACES} must be set.`);
const { databaseUrl, logs } = JSON.parse(servers) as SharedServers;

try {
  await assertNoSecretsLeft(readTraces(folder), await databasesOfRun(databaseUrl, `${run}_`), Object.values(logs));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
