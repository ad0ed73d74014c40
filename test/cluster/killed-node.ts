// A node of Keycloak is killed while people register, log in, refresh and log out: who was answered loses nothing, who
// was not leaves nothing behind, and ten seconds later all is as before. The node that started first is the one that
// coordinates the cluster.
import { afterAll, test } from "bun:test";
import { ClusterLoad } from "../support/cluster-load.ts";
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
      await load.recoversFrom(`node ${name} killed`, () => cluster.kill(name), 5_000);
      await load.during(`node ${name} joins again`, async () => {
        await cluster.restart(name);
        await cluster.steady();
      });
    });
  },
  900_000,
);
