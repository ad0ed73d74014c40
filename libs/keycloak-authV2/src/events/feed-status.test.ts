import { expect, test } from "bun:test";
import { ABSENCE_UNPROVEN, DELETIONS_PAUSED } from "../services/reconcile/reconcile-outcome.ts";
import { createFeedFixture } from "../testing/feed-fixture.ts";
import { type FeedMode, storeMode } from "./feed-mode.ts";
import { readFeedStatus } from "./feed-status.ts";

const SECOND_MS = 1_000;

function setUp() {
  const fixture = createFeedFixture();
  const { deps, clock } = fixture;
  return {
    ...fixture,
    problems: async () => (await readFeedStatus(deps.feed, deps.now())).problems,
    kinds: async () => (await readFeedStatus(deps.feed, deps.now())).problems.map(({ kind }) => kind),
    readEvents: () => deps.feed.storeEvents({ source: "user_events", events: [], position: { at: 1 } }, deps.now()),
    runs: (mode: FeedMode = "events") =>
      storeMode(deps.feed, { mode, periodMs: 900_000, unwanted: mode === "off" }, deps.now()),
    pass: (seconds: number) => {
      clock.now += seconds * SECOND_MS;
    },
  };
}

test("nothing is wrong before a gateway has run", async () => {
  const { deps, problems } = setUp();
  expect(await problems()).toEqual([]);
  expect((await readFeedStatus(deps.feed, deps.now())).mode).toBeNull();
});

test("behind: events were not read for a while, whoever asks", async () => {
  const { kinds, readEvents, runs, pass } = setUp();
  await readEvents();
  await runs();
  pass(39);
  expect(await kinds()).toEqual([]);
  pass(2);
  await runs();
  expect(await kinds()).toEqual(["behind"]);
  await readEvents();
  expect(await kinds()).toEqual([]);
});

test("by reconciliation no reading is waited for; nobody that runs is a problem all the same", async () => {
  const { problems, readEvents, runs, pass } = setUp();
  await readEvents();
  pass(3_600);
  await runs("reconciliation");
  pass(59);
  expect(await problems()).toEqual([]);
  pass(2);
  expect(await problems()).toEqual([{ kind: "behind", todo: expect.stringContaining("start a gateway") }]);
});

test("nothing arrives, and nobody has chosen that", async () => {
  const { kinds, runs } = setUp();
  await runs("off");
  expect(await kinds()).toEqual(["feed_off"]);
});

test("behind: a change waits", async () => {
  const { kinds, notice, runs, pass, handle } = setUp();
  await runs("reconciliation");
  await notice("user", "somebody");
  pass(29);
  expect(await kinds()).toEqual([]);
  pass(2);
  expect(await kinds()).toEqual(["behind"]);
  await handle();
  await handle(6_000);
  expect(await kinds()).toEqual([]);
});

test.each([
  [DELETIONS_PAUSED, "FEED_MAX_DELETIONS_PER_MINUTE"],
  [ABSENCE_UNPROVEN, "manage-users"],
])("deletions that are held back: %s", async (error, todo) => {
  const { problems, notice, deps, clock } = setUp();
  await notice("user", "somebody");
  const claimed = await deps.feed.claimDue(deps.now(), new Date(clock.now + 15_000), 10);
  await deps.feed.postpone(claimed, error, new Date(clock.now + 10_000), false);
  expect(await problems()).toEqual([{ kind: "deletions_paused", todo: expect.stringContaining(todo) }]);
  await deps.feed.complete(claimed, deps.now());
  expect(await problems()).toEqual([]);
});
