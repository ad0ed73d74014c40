// Both nodes of Keycloak are restarted one after the other under load, as an update within a minor version does.
import { afterAll, expect, test } from "bun:test";
import { BACK_WITHIN_MS, ClusterLoad, reportFailures } from "../support/cluster-load.ts";
import { eventually } from "../support/eventually.ts";
import { stopGateways } from "../support/gateway-process.ts";
import { useReplicas } from "../support/replicas.ts";
import { clusterOf } from "../support/use-cluster.ts";

const replicas = useReplicas();
afterAll(stopGateways, 30_000);

test("both nodes are restarted one after the other under load", async () => {
  const cluster = clusterOf(replicas.stack);
  await ClusterLoad.run(replicas, async (load) => {
    for (const name of ["a", "b"] as const) {
      const stoppedAt = performance.now();
      await cluster.stop(name);
      await load.goOn(BACK_WITHIN_MS + 2_000);
      const stopped = load.failuresSince(stoppedAt);
      reportFailures(`node ${name} stopped`, stopped);
      expect(stopped.untilMs).toBeLessThanOrEqual(BACK_WITHIN_MS);
      await cluster.restart(name);
      await cluster.steady();
      await load.flows();
    }
  });
}, 900_000);

test("HAProxy is killed under load and started again", async () => {
  const cluster = clusterOf(replicas.stack);
  await ClusterLoad.run(replicas, async (load) => {
    await cluster.stopBalancer();
    await eventually(() => expect(load.traffic.failures.length).toBeGreaterThan(20), 60_000);
    const startedAt = performance.now();
    await cluster.startBalancer();
    await cluster.steady();
    await load.goOn(BACK_WITHIN_MS + 2_000);
    const failures = load.failuresSince(startedAt);
    reportFailures("HAProxy is back", failures);
    expect(failures.untilMs).toBeLessThanOrEqual(BACK_WITHIN_MS);
    await load.flows();
  });
}, 900_000);
