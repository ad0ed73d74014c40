import { beforeEach, describe, expect, test } from "bun:test";
import { AuthError } from "@libs/problems";
import { createFeedFixture, type FeedFixture } from "../testing/feed-fixture.ts";
import { keycloakUser, logInSettled } from "../testing/log-in.ts";

let feed: FeedFixture;
beforeEach(() => {
  feed = createFeedFixture();
});

const person = (sessionId?: string) => logInSettled(feed, sessionId);

const session = (id: string) => feed.database.sessions.get(id);
const stored = (id: string) => keycloakUser(feed, id);

describe("tokens from before a time", () => {
  const at = (ms: number) => new Date(feed.clock.now + ms);

  test("of realm or client: the sessions that hold them end, on both sides, for one call", async () => {
    const { keycloakSessionId } = await person();
    await person("two");
    const row = session("two");
    if (row) row.tokensIssuedAt = at(10_000);
    feed.keycloak.eventSource.notBefore = at(5_000);
    await feed.notice("not_before", "realm");
    expect(await feed.calls(() => feed.handle())).toEqual(["clock_skew"]);
    expect(session("one")).toMatchObject({ endReason: "ended_in_keycloak" });
    expect(session("two")?.endedAt).toBeNull();
    expect([...feed.database.keycloakLogouts.keys()]).toEqual([keycloakSessionId]);
  });

  test("none are refused: nothing ends; Keycloak away: it waits", async () => {
    await person();
    await feed.notice("not_before", "realm");
    feed.keycloak.before = () => {
      throw new AuthError("keycloak.unavailable");
    };
    await feed.handle();
    expect(feed.notices()).toMatchObject([{ kind: "not_before", attempts: 0 }]);
    feed.keycloak.before = undefined;
    await feed.handle(5_000);
    expect(feed.notices()).toEqual([]);
    expect(session("one")?.endedAt).toBeNull();
  });

  test("of one user, whom an administrator signed out: offline sessions end too", async () => {
    const { keycloakUserId } = await person();
    stored(keycloakUserId).notBefore = at(5_000);
    await feed.notice("user", keycloakUserId);
    await feed.handle();
    expect(session("one")).toMatchObject({ endReason: "ended_in_keycloak" });
  });
});
