// A node of Keycloak is killed while people register, log in, refresh and log out: who was answered loses nothing, who
// was not leaves nothing behind, and ten seconds later all is as before. The node that started first is the one that
// coordinates the cluster.
import { afterAll, expect, test } from "bun:test";
import { BACK_WITHIN_MS, ClusterLoad, reportFailures } from "../support/cluster-load.ts";
import { stopGateways } from "../support/gateway-process.ts";
import { useReplicas } from "../support/replicas.ts";
import { clusterOf } from "../support/use-cluster.ts";

const replicas = useReplicas();
afterAll(stopGateways, 30_000);

test.each(["b", "a"] as const)(
  "node %s is killed under load, and joins again",
  async (name) => {
    const cluster = clusterOf(replicas.stack);
    await ClusterLoad.run(replicas, async (load) => {
      const killedAt = performance.now();
      await cluster.kill(name);
      await load.goOn(BACK_WITHIN_MS + 5_000);
      const killed = load.failuresSince(killedAt);
      reportFailures(`node ${name} killed`, killed);
      expect(killed.untilMs).toBeLessThanOrEqual(BACK_WITHIN_MS);

      const restartedAt = performance.now();
      await cluster.restart(name);
      await cluster.steady();
      await load.flows(10);
      reportFailures(`node ${name} joins again`, load.failuresSince(restartedAt));
    });
  },
  900_000,
);
