import { expect, test } from "bun:test";
import { AuthError } from "@libs/problems";
import { createFeedFixture } from "../testing/feed-fixture.ts";
import { createFeedMetrics } from "./feed-metrics.ts";
import { readStoredMode } from "./feed-mode.ts";
import { readFeedStatus } from "./feed-status.ts";
import { type ModeOptions, ModeWatch } from "./mode-watch.ts";

const MINUTE_MS = 60_000;

function setUp() {
  const fixture = createFeedFixture();
  const { feedDeps, registry, keycloak, problems, deps } = fixture;
  const lines: { level: string; feed_mode: string; bound: string }[] = [];
  const log = (level: string) => (details: { feed_mode: string; bound: string }) =>
    void lines.push({ level, ...details });
  const logger = { ...deps.logger, info: log("info"), warn: log("warn") } as never;
  const modeDeps = { ...feedDeps, feedMetrics: createFeedMetrics(registry), problems, logger };
  const replica = (options: Partial<ModeOptions> = {}) =>
    new ModeWatch(modeDeps, { readsEvents: true, reconciles: true, periodMs: 900_000, ...options });
  const kinds = () => problems.list().map(({ kind }) => kind);
  const stored = async () => (await readStoredMode(deps.feed, deps.now()))?.mode;
  return { ...fixture, lines, replica, kinds, stored, features: keycloak.features };
}

test("with events", async () => {
  const { replica, lines, registry, kinds } = setUp();
  const watch = replica();
  expect(watch.status).toBeNull();
  await watch.check();
  expect(watch.status).toEqual({
    mode: "events",
    bound: "within a second of its event, and within 15 min (RECONCILE_PERIOD_MS) where Keycloak stores none",
  });
  expect(lines).toMatchObject([{ level: "info", feed_mode: "events" }]);
  expect(await registry.metrics()).toContain('feed_mode{mode="events"} 1');
  expect(await registry.metrics()).toContain("feed_bound_seconds 900");
  expect(kinds()).toEqual([]);
});

test("a server whose events can't be read: by reconciliation, said once, until it is updated", async () => {
  const { replica, features, lines, registry, kinds } = setUp();
  features.eventsByTime = false;
  const watch = replica({ periodMs: 90_000 });
  await watch.check();
  await watch.check();
  expect(watch.status).toEqual({
    mode: "reconciliation",
    bound: "within 90 s (RECONCILE_PERIOD_MS); deletions and disabled users are noticed by counting, every 5 s",
  });
  expect(lines).toMatchObject([{ level: "warn", feed_mode: "reconciliation", bound: watch.status?.bound }]);
  expect(await registry.metrics()).toContain('feed_mode{mode="reconciliation"} 1');
  expect(await registry.metrics()).toContain('feed_mode{mode="events"} 0');
  expect(await registry.metrics()).toContain("feed_bound_seconds 90");
  expect(kinds()).toEqual([]);
  features.eventsByTime = true;
  await watch.check();
  expect(watch.status?.mode).toBe("events");
  expect(lines).toHaveLength(2);
});

test("and reconciliation switched off: nothing arrives, which is a problem with a name", async () => {
  const { replica, features, kinds } = setUp();
  features.eventsByTime = false;
  const watch = replica({ reconciles: false });
  await watch.check();
  expect(watch.status?.mode).toBe("off");
  expect(kinds()).toEqual(["feed_off"]);
  features.eventsByTime = true;
  await watch.check();
  expect(kinds()).toEqual([]);
});

test("events that nobody wants to read are no problem, and no call", async () => {
  const { replica, kinds, stored, feedDeps } = setUp();
  feedDeps.serverFeatures.current = () => Promise.reject(new Error("asked"));
  await replica({ readsEvents: false }).check();
  expect(await stored()).toBe("reconciliation");
  await replica({ readsEvents: false, reconciles: false }).check();
  expect(await stored()).toBe("off");
  expect(kinds()).toEqual([]);
});

test("a replica that leaves the events to others does not speak for them, while they run", async () => {
  const { replica, stored, clock } = setUp();
  await replica().check();
  await replica({ readsEvents: false }).check();
  expect(await stored()).toBe("events");
  clock.now += MINUTE_MS;
  await replica({ readsEvents: false }).check();
  expect(await stored()).toBe("reconciliation");
});

test("with Keycloak away from the start nothing is said of it, and operators see that a gateway runs", async () => {
  const { replica, feedDeps, lines, deps } = setUp();
  feedDeps.serverFeatures.current = () => Promise.reject(new AuthError("keycloak.unavailable"));
  const watch = replica();
  await expect(watch.check()).rejects.toThrow();
  expect(watch.status).toBeNull();
  expect(lines).toEqual([]);
  expect((await readFeedStatus(deps.feed, deps.now())).problems).toEqual([]);
});
