// Both nodes of Keycloak are restarted one after the other under load, as an update within a minor version does.
import { afterAll, expect, test } from "bun:test";
import { ClusterLoad } from "../support/cluster-load.ts";
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
      await load.recoversFrom(`node ${name} stopped`, () => cluster.stop(name));
      await load.during(`node ${name} joins again`, async () => {
        await cluster.restart(name);
        await cluster.steady();
      });
    }
  });
}, 900_000);

test("HAProxy is killed under load and started again", async () => {
  const cluster = clusterOf(replicas.stack);
  const during = async (load: ClusterLoad) => {
    await cluster.stopBalancer();
    await eventually(() => expect(load.traffic.failures.length).toBeGreaterThan(20), 60_000);
    await load.recoversFrom("HAProxy is back", async () => {
      await cluster.startBalancer();
      await cluster.steady();
    });
  };
  await ClusterLoad.run(replicas, during, { answersAreLost: true });
}, 900_000);
