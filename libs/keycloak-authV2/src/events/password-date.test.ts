import { beforeEach, describe, expect, test } from "bun:test";
import { createFeedFixture, type FeedFixture } from "../testing/feed-fixture.ts";
import { logInSettled } from "../testing/log-in.ts";

let feed: FeedFixture;
beforeEach(() => {
  feed = createFeedFixture();
});

const person = (sessionId?: string) => logInSettled(feed, sessionId);

const session = (id: string) => feed.database.sessions.get(id);

describe("a password that is older than none of the sessions", () => {
  /** Somebody who has been known for a minute. */
  async function known() {
    const somebody = await person();
    feed.clock.now += 60_000;
    return somebody;
  }
  const setPassword = (userId: string, setAt = feed.deps.now()) => feed.keycloak.passwords.set(userId, { setAt });

  test("inside an edit: sessions from before end on both sides", async () => {
    const { keycloakUserId, keycloakSessionId } = await known();
    setPassword(keycloakUserId);
    await feed.notice("sessions", keycloakUserId);
    await feed.handle();
    expect(session("one")).toMatchObject({ endReason: "password_changed" });
    expect([...feed.database.keycloakLogouts.keys()]).toEqual([keycloakSessionId]);
  });

  test("a session from after it stays, and one whose login was right after the registration", async () => {
    const { keycloakUserId } = await person();
    const row = session("one");
    if (!row) throw new Error("no session");
    row.startedAt = new Date(feed.clock.now + 100);
    setPassword(keycloakUserId);
    await feed.notice("sessions", keycloakUserId, { changedAt: new Date(feed.clock.now + 500) });
    await feed.handle();
    expect(row.endedAt).toBeNull();
  });

  test("a login with the old one that was under way ends too", async () => {
    const { keycloakUserId } = await known();
    const row = session("one");
    if (!row) throw new Error("no session");
    row.startedAt = new Date(feed.clock.now + 100);
    setPassword(keycloakUserId);
    await feed.notice("sessions", keycloakUserId, { changedAt: new Date(feed.clock.now + 50) });
    await feed.handle();
    expect(session("one")).toMatchObject({ endReason: "password_changed" });
  });

  test("the session that it was changed in stays, whatever is checked later", async () => {
    const { keycloakUserId, keycloakSessionId } = await known();
    setPassword(keycloakUserId);
    await feed.notice("credentials", keycloakUserId, { keepSession: keycloakSessionId });
    await feed.notice("sessions", keycloakUserId);
    await feed.handle();
    await feed.handle(6_000);
    expect(session("one")?.endedAt).toBeNull();
    setPassword(keycloakUserId);
    await feed.notice("sessions", keycloakUserId);
    await feed.handle();
    expect(session("one")).toMatchObject({ endReason: "password_changed" });
  });

  test("one that a federation keeps has no date: nothing ends", async () => {
    const { keycloakUserId } = await known();
    feed.keycloak.passwords.set(keycloakUserId, { setAt: null });
    await feed.notice("sessions", keycloakUserId);
    await feed.notice("removed_credential", keycloakUserId);
    await feed.handle();
    expect(session("one")?.endedAt).toBeNull();
  });

  test("removed: sessions from before end; where another credential was removed they stay", async () => {
    const { keycloakUserId } = await known();
    await feed.notice("removed_credential", keycloakUserId);
    await feed.handle();
    expect(session("one")?.endedAt).toBeNull();
    feed.keycloak.passwords.set(keycloakUserId, null);
    await feed.notice("removed_credential", keycloakUserId);
    await feed.handle();
    expect(session("one")).toMatchObject({ endReason: "password_changed" });
  });
});
