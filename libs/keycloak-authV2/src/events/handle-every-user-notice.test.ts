import { beforeEach, describe, expect, test } from "bun:test";
import { DatabaseUnavailableError } from "@libs/database";
import { createFeedFixture, type FeedFixture } from "../testing/feed-fixture.ts";

let feed: FeedFixture;
beforeEach(() => {
  feed = createFeedFixture();
});

describe("every user", () => {
  test("a hundred changes within seconds start one full reconciliation, when they have ceased", async () => {
    for (let n = 0; n < 100; n++) {
      await feed.notice("every_user", "realm", { changedAt: feed.deps.now() });
      await feed.handle(20);
      expect(feed.reconciliations).toHaveLength(0);
    }
    await feed.handle(2_000);
    expect(feed.reconciliations).toHaveLength(1);
    expect(feed.notices()).toEqual([]);
  });

  test("changes that do not cease put it off for ten seconds at most", async () => {
    for (let n = 0; n < 12; n++) {
      await feed.notice("every_user", "realm", { changedAt: feed.deps.now() });
      await feed.handle(1_000);
    }
    expect(feed.reconciliations).toHaveLength(1);
  });

  test("it is not lost when it can't begin", async () => {
    const reconcile = feed.feedDeps.reconcileEveryUser;
    feed.feedDeps.reconcileEveryUser = () => Promise.reject(new DatabaseUnavailableError("away"));
    await feed.notice("every_user", "realm");
    await feed.handle(2_000);
    feed.feedDeps.reconcileEveryUser = reconcile;
    await feed.handle(2_000);
    expect(feed.reconciliations).toHaveLength(1);
  });
});
