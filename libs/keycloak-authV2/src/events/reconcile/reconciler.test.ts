import { expect, test } from "bun:test";
import { loginOf } from "@libs/database/testing";
import { createLogger } from "@libs/observability";
import { AuthError } from "@libs/problems";
import { syncUsers } from "../../services/bulk/sync-users.ts";
import { createBulkFixture } from "../../testing/bulk-fixture.ts";
import { SweepLoop } from "../../workers/sweep-loop.ts";
import { ProblemBoard } from "../feed/problem-board.ts";
import { createFeedMetrics } from "../feed-metrics.ts";
import { CountedReconciliation } from "./counted-reconciliation.ts";
import { createRounds } from "./create-rounds.ts";
import { createReconcileMetrics } from "./reconcile-metrics.ts";
import { Reconciler } from "./reconciler.ts";

async function setUp({ maxCallsPerSecond = 1_000 } = {}) {
  const fixture = createBulkFixture();
  const ids = fixture.addUsers(10);
  await syncUsers(fixture.bulkDeps, {});
  const { registry, deps, bulkDeps, keycloak } = fixture;
  const lines: string[] = [];
  const logger = createLogger({ destination: { write: (line) => lines.push(line) } });
  const problems = new ProblemBoard(createFeedMetrics(registry), logger, deps.now);
  const reconcilerDeps = { ...bulkDeps, logger, problems, reconcileMetrics: createReconcileMetrics(registry) };
  const rounds = createRounds(reconcilerDeps, 900_000);
  const counted = new CountedReconciliation(reconcilerDeps);
  const sweep = new Reconciler(
    { ...reconcilerDeps, rounds, counted },
    { periodMs: 900_000, readsEvents: true, maxCallsPerSecond },
  ).sweep();
  keycloak.calls.length = 0;
  /** Runs it until it has called Keycloak. */
  const untilCalled = async (operation: string) => {
    const before = keycloak.calls.length;
    while (!keycloak.calls.slice(before).includes(operation)) await sweep.run();
  };
  return { ...fixture, ids, sweep, lines, logger, untilCalled };
}

test("between steps no call is made until the allowed rate permits it; counting goes on, and the lease is kept", async () => {
  const { sweep, keycloak, clock, deps, untilCalled } = await setUp({ maxCallsPerSecond: 0.001 });
  await untilCalled("search_users");
  const before = keycloak.calls.length;
  for (let sweeps = 0; sweeps < 3; sweeps += 1) await sweep.run();
  expect(keycloak.calls.slice(before)).toEqual([]);
  clock.now += 20_000;
  await sweep.run();
  expect(keycloak.calls.slice(before)).toEqual(["count_users", "count_users", "count_users"]);
  sweep.abort?.();
  await sweep.close?.();
  expect(await deps.leases.take("reconcile", "another", 5_000)).not.toBeNull();
});

test("the process ends: no call is begun that a long step has still to make", async () => {
  const { sweep, keycloak, deps, ids, clock, lines } = await setUp();
  for (const id of ids) {
    const user = keycloak.users.get(id);
    if (user) await deps.sessions.recordLogin(loginOf({ profile: user, session: { startedAt: new Date(5) } }));
  }
  clock.now += 60_000;
  keycloak.before = (operation) => {
    if (operation === "list_sessions") sweep.abort?.();
  };
  while ((await sweep.run()) > 0);
  expect(keycloak.calls.filter((operation) => operation.startsWith("list_"))).toEqual(["list_sessions"]);
  await sweep.close?.();
  expect(await deps.leases.take("reconcile", "another", 5_000)).not.toBeNull();
  expect(lines).toEqual([]);
});

test("the process ends while an outage is waited for: not to its end", async () => {
  const { sweep, keycloak, deps, logger, lines } = await setUp();
  const { promise: failing, resolve } = Promise.withResolvers<void>();
  keycloak.before = (operation) => {
    if (operation !== "search_users") return;
    resolve();
    throw new AuthError("keycloak.unavailable");
  };
  const loop = new SweepLoop(sweep, 1, logger);
  void loop.kick();
  await failing;
  await loop.stop();
  expect(keycloak.calls.filter((operation) => operation === "search_users")).toHaveLength(1);
  expect(lines).toEqual([]);
  expect(await deps.leases.take("reconcile", "another", 5_000)).not.toBeNull();
});
