import { expect, test } from "bun:test";
import { AuthError } from "@libs/problems";
import { createSyncFixture } from "../../testing/sync-fixture.ts";
import { createLogoutSweep } from "./logout-sweep.ts";

/** A queue of so many logouts, and what Keycloak is asked. */
async function queued(count: number) {
  const fixture = createSyncFixture();
  const { deps, clock } = fixture;
  const at = new Date(clock.now);
  const row = {
    userId: "u",
    reason: "admin",
    nextAttemptAt: at,
    createdAt: at,
    expiresAt: new Date(clock.now + 3_600_000),
  };
  await deps.keycloakLogouts.add(Array.from({ length: count }, (_, n) => ({ ...row, keycloakSessionId: `sid-${n}` })));
  const calls = { now: 0, most: 0, all: 0 };
  const logged: unknown[] = [];
  const logger = { ...deps.logger, info: (fields: object) => void logged.push(fields), error: () => {} };
  const keycloak = {
    deleteSession: async () => {
      calls.all += 1;
      calls.now += 1;
      calls.most = Math.max(calls.most, calls.now);
      await Promise.resolve();
      calls.now -= 1;
      return true;
    },
  };
  return { ...fixture, calls, logged, keycloak, deps: { ...deps, keycloak, logger: logger as typeof deps.logger } };
}

test("many are ended in batches, a few at once, with one line for each batch", async () => {
  const { deps, calls, logged, database } = await queued(450);
  const sweep = createLogoutSweep(deps);
  expect([await sweep.run(), await sweep.run(), await sweep.run(), await sweep.run()]).toEqual([200, 200, 50, 0]);
  expect(database.keycloakLogouts.size).toBe(0);
  expect(calls).toEqual({ now: 0, most: 8, all: 900 });
  expect(logged).toEqual([200, 200, 50].map((ended) => ({ ended, failed: 0 })));
});

test("while Keycloak ends none, the queue waits for the next regular run", async () => {
  const { deps, database, keycloak, registry } = await queued(300);
  keycloak.deleteSession = () => Promise.reject(new AuthError("keycloak.unavailable"));
  expect(await createLogoutSweep(deps).run()).toBe(0);
  const attempts = [...database.keycloakLogouts.values()].map((row) => row.attempts);
  expect(attempts.filter((count) => count === 1)).toHaveLength(200);
  const metrics = await registry.metrics();
  expect(metrics).toContain("keycloak_logouts_waiting 300");
  expect(metrics).toContain('keycloak_logout_attempts_total{outcome="failed"} 200');
});

test("no call begins when the claim is nearly over: those rows are claimed again", async () => {
  const { deps, clock, database, keycloak } = await queued(100);
  const end = keycloak.deleteSession;
  keycloak.deleteSession = async () => {
    clock.now += 200;
    return await end();
  };
  expect(await createLogoutSweep(deps).run()).toBeLessThan(30);
  expect(database.keycloakLogouts.size).toBeGreaterThan(70);
  clock.now += 12_000;
  expect(await createLogoutSweep(deps).run()).toBeGreaterThan(0);
});
