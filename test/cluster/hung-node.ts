// A node of Keycloak hangs: its connections stay open and nothing answers, which is worse than a crash. HAProxy notices
// by its health checks, the other node when JGroups gives the silent one up.
import { afterAll, expect, test } from "bun:test";
import { ClusterLoad, reportFailures } from "../support/cluster-load.ts";
import { stopGateways } from "../support/gateway-process.ts";
import { useReplicas } from "../support/replicas.ts";
import { clusterOf } from "../support/use-cluster.ts";

const replicas = useReplicas();
afterAll(stopGateways, 30_000);

/** JGroups gives a silent node up after 40 s; what it held is at the other one from then on. */
const BACK_WITHIN_MS = 60_000;

test.each(["b", "a"] as const)(
  "node %s hangs under load, wakes up and is part of the cluster again",
  async (name) => {
    const cluster = clusterOf(replicas.stack);
    await ClusterLoad.run(replicas, async (load) => {
      const hungAt = performance.now();
      cluster.hang(name);
      try {
        await load.goOn(BACK_WITHIN_MS + 10_000);
      } finally {
        cluster.wake(name);
      }
      const hung = load.failuresSince(hungAt);
      reportFailures(`node ${name} hung`, hung);
      expect(hung.untilMs).toBeLessThanOrEqual(BACK_WITHIN_MS);

      const wokenAt = performance.now();
      await cluster.steady();
      await load.flows(10);
      reportFailures(`node ${name} woken`, load.failuresSince(wokenAt));
    });
  },
  900_000,
);
