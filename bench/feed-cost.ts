// `bun run bench:feed [--quick]`
// What the change feed costs: calls to Keycloak and CPU of each process, with the feed and without it, idle and at 100
// changes a second.
import { parseArgs } from "node:util";
import { openTestStack } from "@libs/dev-stack";
import { GatewayProcess, gatewayEnv, stopGateways } from "../test/support/gateway-process.ts";
import { KeycloakWriters } from "../test/support/keycloak-writers.ts";
import { realmAdmin } from "../test/support/realm-admin.ts";
import { cpuMs, residentMiB } from "./process-cpu.ts";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const seconds = values.quick ? 10 : 60;
const changesPerSecond = 100;
const settleMs = 5_000;

const report = (line: string) => process.stderr.write(`${line}\n`);

report("Starting Keycloak and PostgreSQL …");
const stack = await openTestStack({ attach: false, jvm: "keycloak" });
try {
  const admin = await realmAdmin(stack);
  const rows: Record<string, unknown>[] = [];
  for (const load of ["idle", `${changesPerSecond} changes/s`]) {
    for (const feed of ["false", "true"]) {
      const env = {
        LOG_LEVEL: "info",
        FEED_ENABLED: feed,
        RECONCILE_ENABLED: "false",
        FEED_MAX_DELETIONS_PER_MINUTE: "100000",
      };
      const gateway = await GatewayProcess.start(gatewayEnv(stack, env));
      await Bun.sleep(settleMs);
      report(`${load}, feed ${feed === "true" ? "on" : "off"}: ${seconds} s …`);
      rows.push({ load, feed: feed === "true" ? "on" : "off", ...(await measure(gateway, load !== "idle")) });
      await gateway.stop();
    }
  }
  console.table(rows);

  async function measure(gateway: GatewayProcess, changing: boolean) {
    const pids = { ...stack.pids, gateway: gateway.pid };
    const cpuBefore = Object.entries(pids).map(([name, pid]) => [name, cpuMs(pid)] as const);
    const callsBefore = await keycloakCalls(gateway);
    const from = performance.now();
    const writers = new KeycloakWriters(admin, stack.realm);
    if (changing) await writers.run(6, changesPerSecond * seconds, changesPerSecond);
    else await Bun.sleep(seconds * 1000);
    const elapsedMs = performance.now() - from;
    const share = cpuBefore.map(([name, before]) => {
      const used = cpuMs(pids[name as keyof typeof pids]) - before;
      return [`${name} CPU %`, Number(((used / elapsedMs) * 100).toFixed(1))];
    });
    return {
      "changes/s": Number((writers.made / (elapsedMs / 1000)).toFixed(0)),
      "calls/min": Math.round(((await keycloakCalls(gateway)) - callsBefore) / (elapsedMs / 60_000)),
      ...Object.fromEntries(share),
      "memory MiB": Math.round(residentMiB(gateway.pid)),
    };
  }
} finally {
  await stopGateways();
  await stack.stop();
}

async function keycloakCalls(gateway: GatewayProcess): Promise<number> {
  const lines = (await gateway.metrics()).matchAll(/^keycloak_requests_total\{[^}]*\} (\d+)$/gm);
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}
