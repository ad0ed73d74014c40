// `bun run bench:reconcile [--users 100000] [--sessions 20000] [--period 900] [--rest 300] [--attach]`
// What it costs to compare everybody with Keycloak all the time, and how soon silent changes are found: one gateway at
// rest, on a stack of its own (or, with --attach, on the one that runs).
import { parseArgs } from "node:util";
import { openTestStack } from "@libs/dev-stack";
import { stopGateways } from "../test/support/gateway-process.ts";
import { ReconcileBench } from "./reconcile-bench.ts";

const { values } = parseArgs({
  options: {
    users: { type: "string", default: "100000" },
    /** Users with a live session that nobody refreshes: each costs a call a round. */
    sessions: { type: "string", default: "20000" },
    /** `RECONCILE_PERIOD_MS`, in seconds. */
    period: { type: "string", default: "900" },
    /** How long the gateway is watched at rest, in seconds. */
    rest: { type: "string", default: "300" },
    attach: { type: "boolean", default: false },
  },
});

const report = (line: string) => process.stderr.write(`${line}\n`);

report("Opening Keycloak and PostgreSQL …");
const stack = await openTestStack({ attach: values.attach, jvm: "keycloak" });
const bench = await ReconcileBench.open(stack, Number(values.period) * 1000, report);
try {
  await bench.populate(Number(values.users), Number(values.sessions));
  await bench.rest("reconciliation on", Number(values.rest), {});
  await bench.plant();
  await bench.rest("reconciliation off", Number(values.rest), { RECONCILE_ENABLED: "false" });
  bench.print();
} finally {
  await stopGateways();
  await bench.close();
  await stack.stop();
}
