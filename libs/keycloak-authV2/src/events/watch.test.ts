import { describe, expect, test } from "bun:test";
import { AuthError } from "@libs/problems";
import { createFeedFixture } from "../testing/feed-fixture.ts";
import { logIn } from "../testing/log-in.ts";
import { LoginCanary } from "./canary.ts";
import { adminEventStream, userEventStream } from "./event-stream.ts";
import { FeedLeader } from "./feed/feed-leader.ts";
import { ProblemBoard } from "./feed/problem-board.ts";
import { FeedLag } from "./feed-lag.ts";
import { createFeedMetrics } from "./feed-metrics.ts";
import { readFeedStatus } from "./feed-status.ts";
import { FullReconciliation } from "./full-reconciliation.ts";
import { KeycloakClock } from "./keycloak-clock.ts";
import { NotBeforeWatch } from "./not-before-watch.ts";
import { EventReader } from "./read-events.ts";
import { SetupCheck } from "./setup-check.ts";
import { FeedWatch } from "./watch.ts";

const ROUND_MS = 12_000;

function setUp() {
  const fixture = createFeedFixture();
  const { feedDeps, keycloak, clock, registry, deps } = fixture;
  const lines: { level: string; problem: string }[] = [];
  const log = (level: string) => (details: { problem: string }) => void lines.push({ level, ...details });
  const logger = {
    ...deps.logger,
    error: log("error"),
    warn: log("warn"),
    info: log("info"),
    debug: () => {},
  } as never;
  let monotonic = 0;
  const replica = () => {
    const feedMetrics = createFeedMetrics(registry);
    const problems = new ProblemBoard(feedMetrics, logger, deps.now);
    const fullReconciliation = new FullReconciliation({ ...feedDeps, problems });
    const common = {
      ...feedDeps,
      feedMetrics,
      problems,
      pollIntervalMs: 750,
      leader: new FeedLeader(feedDeps.leases, () => monotonic),
      clock: new KeycloakClock(keycloak.eventSource, deps.now),
      onLoss: (reason: string) => fullReconciliation.start(reason),
    };
    const reader = new EventReader({ ...common, streams: [userEventStream(common), adminEventStream(common)] });
    const lag = new FeedLag({ ...common, reader });
    const setup = new SetupCheck({ ...common, canary: new LoginCanary(common) });
    const notBefore = new NotBeforeWatch(common);
    const watch = new FeedWatch({ ...common, fullReconciliation, reader, lag, setup, notBefore });
    /** The replica's own next rounds. */
    const round = async () => {
      await reader
        .sweep()
        .run()
        .catch(() => {});
      await watch.check();
      return problems.list().map(({ kind }) => kind);
    };
    return { round, fullReconciliation, problems, lag };
  };
  const pass = (ms: number) => {
    clock.now += ms;
    monotonic += ms;
  };
  return {
    ...fixture,
    lines,
    replica,
    pass,
    config: keycloak.eventSource.config,
    features: keycloak.features,
  };
}

describe("FeedWatch", () => {
  test("all is well with a realm as it is set up", async () => {
    const { replica } = setUp();
    expect(await replica().round()).toEqual([]);
  });

  test.each([
    ["user_events_off", { userEventsEnabled: false }],
    ["admin_events_off", { adminEventsEnabled: false }],
    ["event_types_missing", { storedTypes: ["LOGIN"] }],
    ["retention_too_short", { userEventsKeptMs: 60_000 }],
  ])("%s is reported once with what to do, and taken back", async (kind, change) => {
    const { replica, config, lines, pass, registry } = setUp();
    const before = { ...config };
    const one = replica();
    Object.assign(config, change);
    expect(await one.round()).toEqual([kind as never]);
    pass(ROUND_MS);
    await one.round();
    expect(lines).toMatchObject([{ level: "error", problem: kind, todo: expect.stringContaining("authctl") }]);
    expect(await registry.metrics()).toContain(`feed_problem{kind="${kind}"} 1`);
    Object.assign(config, before);
    pass(ROUND_MS);
    expect(await one.round()).toEqual([]);
    expect(lines).toHaveLength(2);
    expect(await registry.metrics()).toContain(`feed_problem{kind="${kind}"} 0`);
  });

  test("a missing right is distinguished from an outage", async () => {
    const { replica, keycloak } = setUp();
    const one = replica();
    await one.round();
    keycloak.before = (operation) => {
      if (operation.includes("events")) throw new AuthError("keycloak.forbidden");
    };
    expect(await one.round()).toEqual(["no_permission"]);
    keycloak.before = () => {
      throw new AuthError("keycloak.unavailable");
    };
    expect(await one.round()).toEqual([]);
  });

  test("behind after half a minute without a reading, on every replica", async () => {
    const { replica, keycloak, pass } = setUp();
    const [one, two] = [replica(), replica()];
    await one.round();
    keycloak.before = () => {
      throw new AuthError("keycloak.unavailable");
    };
    pass(20_000);
    expect([await one.round(), await two.round()]).toEqual([[], []]);
    pass(15_000);
    expect(await one.round()).toEqual(["behind"]);
    pass(8_000);
    expect(await two.round()).toEqual(["behind"]);
    keycloak.before = undefined;
    // The second reads now, and the first learns of it.
    pass(11_000);
    expect(await two.round()).toEqual([]);
    expect(await one.round()).toEqual([]);
  });

  test("a server whose events can't be read: nothing of events is wrong, nothing is late, and they are not asked for", async () => {
    const { replica, keycloak, config, features, pass, lines } = setUp();
    features.eventsByTime = false;
    Object.assign(config, { userEventsEnabled: false, storedTypes: [], userEventsKeptMs: 60_000 });
    const [one, two] = [replica(), replica()];
    for (let round = 0; round < 5; round += 1) {
      expect([await one.round(), await two.round()]).toEqual([[], []]);
      pass(ROUND_MS);
    }
    expect(one.lag.seconds).toBeLessThan(30);
    expect(lines).toEqual([]);
    expect(keycloak.calls.filter((call) => /events/.test(call))).toEqual([]);
  });

  test("clocks that differ are noticed without events too", async () => {
    const { replica, keycloak, features } = setUp();
    features.eventsByTime = false;
    keycloak.eventSource.skewMs = 9_000;
    expect(await replica().round()).toEqual(["clock_skew"]);
  });

  test("updated to one that has events: they are read from then on; and back again", async () => {
    const fixture = setUp();
    const { replica, keycloak, features, pass, notices } = fixture;
    features.eventsByTime = false;
    const one = replica();
    await one.round();
    features.eventsByTime = true;
    pass(ROUND_MS);
    await one.round();
    keycloak.eventSource.recordUserEvent({ type: "UPDATE_PROFILE", userId: "u1" });
    pass(1_000);
    expect(await one.round()).toEqual([]);
    expect(notices().map(({ subject }) => subject)).toEqual(["u1"]);
    await fixture.deps.feed.complete(notices(), fixture.deps.now());
    features.eventsByTime = false;
    pass(120_000);
    expect(await one.round()).toEqual([]);
  });

  test("with the database away it is behind as well", async () => {
    const { replica, feedDeps, pass } = setUp();
    const one = replica();
    await one.round();
    feedDeps.leases.take = () => Promise.reject(new Error("away"));
    feedDeps.feed.backlog = () => Promise.reject(new Error("away"));
    feedDeps.feed.readPosition = () => Promise.reject(new Error("away"));
    pass(35_000);
    expect(await one.round()).toEqual(["behind"]);
  });

  test.each([
    [{ keycloakMs: 2_400 }, []],
    [{ keycloakMs: 2_600 }, ["clock_skew"]],
    [{ keycloakMs: -2_600 }, ["clock_skew"]],
    [{ databaseMs: 1_900 }, []],
    [{ databaseMs: 2_100 }, ["clock_skew"]],
  ] as [{ keycloakMs?: number; databaseMs?: number }, string[]][])("clocks that differ: %j", async (by, expected) => {
    const { replica, keycloak, database, clock } = setUp();
    keycloak.eventSource.skewMs = by.keycloakMs ?? 0;
    database.clock = () => new Date(clock.now + (by.databaseMs ?? 0));
    expect(await replica().round()).toEqual(expected as never);
  });

  test("a login of ours that is in no event, twice in a row", async () => {
    const fixture = setUp();
    const { replica, keycloak, pass } = fixture;
    const one = replica();
    await one.round();
    await logIn(fixture, "s1");
    pass(25_000);
    expect(await one.round()).toEqual([]);
    keycloak.eventSource.userEvents.length = 0;
    expect(await one.round()).toEqual([]);
    pass(ROUND_MS);
    expect(await one.round()).toContain("canary_missing");
    await logIn(fixture, "s2");
    pass(ROUND_MS * 9);
    expect(await one.round()).not.toContain("canary_missing");
  });

  test("dead letters, and what the other replicas show", async () => {
    const { replica, config, deps, notice, clock } = setUp();
    const [one, two] = [replica(), replica()];
    await notice("user", "u1");
    const [claimed] = await deps.feed.claimDue(deps.now(), new Date(clock.now + 1_000), 1);
    await deps.feed.moveToDeadLetters(claimed as never, "internal.error", deps.now());
    config.userEventsEnabled = false;
    expect(await one.round()).toEqual(["dead_letters", "user_events_off"]);
    expect(await two.round()).toEqual(["dead_letters", "user_events_off"]);
    const status = await readFeedStatus(deps.feed);
    expect(status.problems.map(({ kind }) => kind)).toEqual(["user_events_off", "dead_letters"]);
    expect(status.deadLetters).toMatchObject([{ kind: "user", subject: "u1", lastError: "internal.error" }]);
  });
});

describe("FullReconciliation", () => {
  test("records notices for everybody who is known, and for those who are not; once", async () => {
    const fixture = setUp();
    const { replica, keycloak, deps, notices } = fixture;
    const known = await logIn(fixture, "s1");
    const { fullReconciliation, problems: board } = replica();
    const unknown = await Promise.all(
      Array.from({ length: 3 }, (_, i) =>
        keycloak.userRepository.createUser({
          username: `unknown-${i}`,
          email: `unknown-${i}@example.org`,
          firstName: "A",
          lastName: "B",
          password: "password-123",
          emailVerified: false,
          enabled: true,
        }),
      ),
    );
    await Promise.all([fullReconciliation.start("test"), fullReconciliation.start("test")]);
    expect(board.list().map(({ kind }) => kind)).toEqual(["full_reconciliation_running"]);
    await fullReconciliation.ended();
    expect(board.list()).toEqual([]);
    const recorded = notices().map(({ kind, subject }) => `${kind} ${subject}`);
    expect(recorded).toEqual(expect.arrayContaining(unknown.map((id) => `user ${id}`)));
    expect(recorded).toContain(`sessions ${known.keycloakUserId}`);
    expect(await deps.syncRuns.findRunning("full_reconciliation")).toBeNull();
  });

  test("another process goes on with one that was left", async () => {
    const { replica, deps } = setUp();
    await deps.syncRuns.begin("full_reconciliation", deps.now());
    const one = replica();
    await one.round();
    await one.fullReconciliation.ended();
    expect(await deps.syncRuns.findRunning("full_reconciliation")).toBeNull();
  });

  test("one that is begun anew while another process is at it is not lost, though the one that began it dies", async () => {
    const { replica, keycloak, deps } = setUp();
    const [one, two] = [replica(), replica()];
    const { promise: reading, resolve: isReading } = Promise.withResolvers<void>();
    const { promise: goOn, resolve: release } = Promise.withResolvers<void>();
    keycloak.before = async (operation) => {
      if (operation !== "search_users") return;
      isReading();
      await goOn;
    };
    await one.fullReconciliation.start("a loss");
    await reading;
    await two.fullReconciliation.start("another loss");
    const ended = two.fullReconciliation.stop();
    release();
    await Promise.all([ended, one.fullReconciliation.ended()]);
    // What the first had read before the second loss is to be read again.
    expect(await deps.syncRuns.findRunning("full_reconciliation")).not.toBeNull();
    await one.fullReconciliation.resume();
    await one.fullReconciliation.ended();
    expect(await deps.syncRuns.findRunning("full_reconciliation")).toBeNull();
  });
});
