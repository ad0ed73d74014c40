// `bun run test:matrix [--keycloak 26.2,26.4] [--postgres 14,18]`: the journeys on each Keycloak with the newest
// PostgreSQL and on each PostgreSQL with the newest Keycloak, one server of each at a time. Prints the table, and writes
// docs/compatibility.md. Ends with 1 where a journey failed.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { StackError } from "@libs/dev-stack";
import { writePages } from "../../docs/generate.ts";
import { combinations, nameOf } from "./combinations.ts";
import { type Measured, readMeasured, storeMeasured } from "./measured.ts";
import { measuredTable } from "./measured-table.ts";
import { runJourneys } from "./run-journeys.ts";

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { keycloak: { type: "string" }, postgres: { type: "string" } } });
  const pairs = combinations(values);
  const folder = process.env.STACK_DIR || join(import.meta.dir, "../../.dev/matrix");
  const runs: Measured[] = [];
  for (const pair of pairs) {
    console.log(`${nameOf(pair)} …`);
    const from = performance.now();
    const run = await runJourneys(pair, folder);
    runs.push(run);
    storeMeasured(run);
    const seconds = Math.round((performance.now() - from) / 1000);
    console.log(`${nameOf(pair)}: ${run.passed} passed, ${run.failed.length} failed, ${seconds} s`);
    for (const name of run.failed) console.log(`  failed: ${name}`);
  }
  await writePages();
  console.log(`\n${measuredTable(runs, readMeasured())}\nLogs: ${folder}`);
  return runs.some(({ failed }) => failed.length > 0) ? 1 : 0;
}

try {
  process.exit(await main());
} catch (error) {
  console.error(error instanceof StackError ? error.message : error);
  process.exit(1);
}
