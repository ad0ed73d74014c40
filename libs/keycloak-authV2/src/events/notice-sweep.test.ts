import { beforeEach, describe, expect, test } from "bun:test";
import { DatabaseUnavailableError, StatementRefusedError } from "@libs/database";
import { AuthError } from "@libs/problems";
import { registerUser } from "../services/registration/register-user.ts";
import { createFeedFixture, type FeedFixture } from "../testing/feed-fixture.ts";
import { keycloakUser, logInSettled } from "../testing/log-in.ts";

let feed: FeedFixture;
beforeEach(() => {
  feed = createFeedFixture();
});

const person = (sessionId?: string) => logInSettled(feed, sessionId);

const stored = (id: string) => keycloakUser(feed, id);
const session = (id: string) => feed.database.sessions.get(id);

describe("user", () => {
  test("an edit arrives, at the cost of one call", async () => {
    const { keycloakUserId } = await person();
    stored(keycloakUserId).lastName = "Byron";
    await feed.notice("user", keycloakUserId);
    expect(await feed.calls(() => feed.handle())).toEqual(["get_users"]);
    expect(feed.database.users.get(keycloakUserId)).toMatchObject({ lastName: "Byron" });
    expect(feed.notices()).toEqual([]);
  });

  test("disabled: sessions end, also one that a slow login writes after the first pass", async () => {
    const { keycloakUserId } = await person();
    stored(keycloakUserId).enabled = false;
    await feed.notice("user", keycloakUserId);
    await feed.handle();
    expect(session("one")).toMatchObject({ endReason: "user_disabled" });
    const row = session("one");
    if (row) feed.database.sessions.set("late", { ...row, sessionId: "late", endedAt: null, endReason: null });
    expect(await feed.calls(() => feed.handle(6_000))).toEqual(["get_users"]);
    expect(session("late")).toMatchObject({ endReason: "user_disabled" });
    expect(feed.notices()).toEqual([]);
  });

  test("deleted: a tombstone; the second pass asks nobody", async () => {
    const { keycloakUserId } = await person();
    feed.keycloak.removeUser(keycloakUserId);
    await feed.notice("user", keycloakUserId);
    expect(await feed.calls(() => feed.handle())).toEqual(["get_users", "get_user"]);
    expect(feed.database.users.get(keycloakUserId)?.deletedAt).toEqual(feed.deps.now());
    expect(session("one")).toMatchObject({ endReason: "user_deleted" });
    expect(await feed.calls(() => feed.handle(6_000))).toEqual([]);
    expect(feed.notices()).toEqual([]);
  });

  test("deleted between a slow pass's read and its write: it does not stay", async () => {
    const { keycloak, feedDeps } = feed;
    const { userRepository } = keycloak;
    const names = {
      firstName: "Ada",
      lastName: "King",
      emailVerified: false,
      enabled: true,
      password: "long-enough-1",
    };
    const id = await userRepository.createUser({ username: "ada", email: "ada@example.com", ...names });
    const { promise: goOn, resolve } = Promise.withResolvers<void>();
    let slow = true;
    keycloak.after = (operation) => {
      if (operation !== "get_users" || !slow) return;
      slow = false;
      return goOn;
    };
    await feed.notice("user", id);
    const late = feed.createSweep().run();
    while (slow) await Bun.sleep(1);
    keycloak.removeUser(id);
    await feed.notice("user", id);
    await feed.handle();
    resolve();
    await late;
    expect(feed.database.users.get(id)).toMatchObject({ deletedAt: null });
    await feed.handle();
    expect(feed.database.users.get(id)?.deletedAt).toEqual(feedDeps.now());
  });

  test("deleted by somebody while its registration is being completed: it does not stay", async () => {
    const { keycloak, deps } = feed;
    const password = "long-enough-1";
    await registerUser(deps, {
      username: "first",
      email: "first@example.com",
      firstName: "A",
      lastName: "B",
      password,
    });
    const completing = Promise.withResolvers<void>();
    const { promise: readBack, resolve: isReadBack } = Promise.withResolvers<void>();
    keycloak.after = (operation) => {
      if (operation !== "get_user") return;
      isReadBack();
      return completing.promise;
    };
    const names = { firstName: "Ada", lastName: "King", password };
    const registered = registerUser(deps, { username: "ada", email: "ada@example.com", ...names });
    await readBack;
    keycloak.after = undefined;
    const id = [...keycloak.users.keys()].at(-1) ?? "";
    keycloak.removeUser(id);
    await feed.notice("user", id);
    await feed.handle();
    completing.resolve();
    await registered;
    expect(feed.database.users.get(id)).toMatchObject({ deletedAt: null });
    await feed.handle(6_000);
    expect(feed.database.users.get(id)?.deletedAt).toEqual(deps.now());
  });

  test("a change between two passes is read", async () => {
    const { keycloakUserId } = await person();
    stored(keycloakUserId).enabled = false;
    await feed.notice("user", keycloakUserId);
    await feed.handle();
    stored(keycloakUserId).enabled = true;
    await feed.notice("user", keycloakUserId);
    await feed.handle();
    expect(feed.database.users.get(keycloakUserId)).toMatchObject({ enabled: true });
  });

  test("recorded again while it is handled, it is handled again", async () => {
    const { keycloakUserId } = await person();
    stored(keycloakUserId).lastName = "Byron";
    await feed.notice("user", keycloakUserId);
    let first = true;
    feed.keycloak.after = async (operation) => {
      if (operation !== "get_users" || !first) return;
      first = false;
      stored(keycloakUserId).lastName = "King";
      await feed.notice("user", keycloakUserId);
    };
    await feed.handle();
    expect(feed.database.users.get(keycloakUserId)).toMatchObject({ lastName: "King" });
  });

  test("a create of our own that is completed by now costs nothing", async () => {
    const ada = { username: "ada", email: "ada@example.com", firstName: "Ada", lastName: "Lovelace" };
    const { id } = await registerUser(feed.deps, { ...ada, password: "correct horse battery" });
    await feed.notice("user", id, { source: "registration" });
    expect(await feed.calls(() => feed.handle())).toEqual([]);
    expect(feed.notices()).toEqual([]);
    await feed.notice("user", id, { source: "registration" });
    await feed.notice("user", id);
    expect(await feed.calls(() => feed.handle())).toEqual(["get_users"]);
  });

  test("somebody whose registration is not finished is waited for; if it is parked, an operator replays", async () => {
    const { deps } = feed;
    const ada = { username: "ada", email: "ada@example.com", firstName: "Ada", lastName: "Lovelace" };
    deps.registrations.complete = () => Promise.reject(new DatabaseUnavailableError("away"));
    deps.registrations.beginUndo = () => Promise.reject(new DatabaseUnavailableError("away"));
    await registerUser(deps, { ...ada, password: "correct horse battery" }).catch(() => {});
    const [user] = feed.keycloak.users.values();
    await feed.notice("user", user?.id ?? "");
    await feed.handle();
    expect(feed.notices()).toMatchObject([{ lastError: "registration.recovering", attempts: 0 }]);
    expect(feed.woken).toContain("registrations");
    expect(feed.database.users.size).toBe(0);
    const [row] = feed.database.registrations.values();
    await deps.registrations.park(row?.id ?? "", "registration.too_old", deps.now());
    for (let attempt = 0; attempt < 12; attempt += 1) await feed.handle(60_000);
    expect(await deps.feed.listDead()).toMatchObject([{ lastError: "registration.recovering" }]);
  });

  test("too many deletions at once wait, and it is said", async () => {
    const sweep = feed.createSweep({ maxDeletionsPerMinute: 1 });
    const people = [await person("one"), await person("two")];
    for (const { keycloakUserId } of people) {
      feed.keycloak.removeUser(keycloakUserId);
      await feed.notice("user", keycloakUserId);
    }
    await sweep.run();
    expect(feed.problems.list()).toMatchObject([{ kind: "deletions_paused" }]);
    expect(feed.notices().filter(({ passes }) => passes === 0)).toMatchObject([
      { lastError: "feed.deletions_paused", attempts: 0 },
    ]);
    feed.clock.now += 61_000;
    await sweep.run();
    expect([...feed.database.users.values()].every(({ deletedAt }) => deletedAt)).toBe(true);
    feed.clock.now += 61_000;
    await sweep.run();
    expect(feed.problems.list()).toEqual([]);
  });
});

describe("session and sessions", () => {
  test("what ended in Keycloak ends here, and nothing else", async () => {
    const { keycloakUserId, keycloakSessionId } = await person();
    await person("other");
    feed.keycloak.sessions.delete(keycloakSessionId);
    await feed.notice("session", keycloakSessionId);
    expect(await feed.calls(() => feed.handle())).toEqual(["list_sessions"]);
    expect(session("one")).toMatchObject({ endReason: "ended_in_keycloak" });
    expect(session("other")?.endedAt).toBeNull();
    expect(feed.database.keycloakLogouts.size).toBe(0);
    await feed.notice("sessions", keycloakUserId);
    expect(await feed.calls(() => feed.handle(6_000))).toEqual([]);
    expect(await feed.calls(() => feed.handle(6_000))).toEqual([]);
    expect(feed.notices()).toEqual([]);
  });

  test("a session that lives on stays, an offline one too", async () => {
    const { keycloakUserId, keycloakSessionId } = await person();
    await feed.notice("sessions", keycloakUserId);
    await feed.handle();
    expect(session("one")?.endedAt).toBeNull();
    const row = session("one");
    const online = feed.keycloak.sessions.get(keycloakSessionId);
    if (!row || !online) throw new Error("no session");
    // Its refresh token has an end, as where the realm limits offline sessions.
    row.offline = true;
    feed.keycloak.offlineSessions.set(keycloakSessionId, online);
    feed.keycloak.sessions.delete(keycloakSessionId);
    await feed.notice("sessions", keycloakUserId);
    const calls = ["list_sessions", "list_offline_sessions", "read_password"];
    expect(await feed.calls(() => feed.handle())).toEqual(calls);
    expect(session("one")?.endedAt).toBeNull();
    // Of rows from before the kind was kept either list counts.
    row.offline = null;
    await feed.notice("session", keycloakSessionId);
    await feed.handle();
    expect(session("one")?.endedAt).toBeNull();
    // That of another client's, of the same `sid`, says nothing about an online one.
    row.offline = false;
    await feed.notice("session", keycloakSessionId);
    await feed.handle();
    expect(session("one")).toMatchObject({ endReason: "ended_in_keycloak" });
  });

  test("one that our client no longer takes part in has ended", async () => {
    const { keycloakSessionId } = await person();
    const theirs = feed.keycloak.sessions.get(keycloakSessionId);
    if (theirs) theirs.ours = false;
    await feed.notice("session", keycloakSessionId);
    await feed.handle();
    expect(session("one")).toMatchObject({ endReason: "ended_in_keycloak" });
  });

  test("a `sid` that nobody here has costs no call", async () => {
    await feed.notice("session", "unknown");
    expect(await feed.calls(() => feed.handle())).toEqual([]);
    expect(await feed.calls(() => feed.handle(6_000))).toEqual([]);
    expect(feed.notices()).toEqual([]);
  });

  test("a session that begins while Keycloak is asked is not ended", async () => {
    const { keycloakUserId, keycloakSessionId } = await person();
    const row = session("one");
    feed.keycloak.after = (operation) => {
      const late = { ...row, sessionId: "late", keycloakSessionId: "late" } as NonNullable<typeof row>;
      if (operation === "list_sessions") feed.database.sessions.set("late", late);
    };
    feed.keycloak.sessions.delete(keycloakSessionId);
    await feed.notice("sessions", keycloakUserId);
    await feed.sweep.run();
    expect(session("one")).toMatchObject({ endReason: "ended_in_keycloak" });
    expect(session("late")?.endedAt).toBeNull();
  });
});

describe("credentials", () => {
  test("older sessions end with Keycloak's logout, the one that changed it stays", async () => {
    const { keycloakUserId, keycloakSessionId } = await person();
    const row = session("one");
    if (!row) throw new Error("no session");
    feed.database.sessions.set("kept", { ...row, sessionId: "kept", keycloakSessionId: "kept" });
    feed.clock.now += 5_000;
    const startedAt = feed.deps.now();
    feed.database.sessions.set("new", { ...row, sessionId: "new", keycloakSessionId: "new", startedAt });
    const changedAt = new Date(feed.clock.now - 2_000);
    await feed.notice("credentials", keycloakUserId, { changedAt, keepSession: "kept" });
    expect(await feed.calls(() => feed.handle())).toEqual([]);
    expect(session("one")).toMatchObject({ endReason: "password_changed" });
    expect([session("kept")?.endedAt, session("new")?.endedAt]).toEqual([null, null]);
    expect([...feed.database.keycloakLogouts.keys()]).toEqual([keycloakSessionId]);
    await feed.handle(6_000);
    expect(feed.notices()).toEqual([]);
  });
});

describe("failures", () => {
  test("Keycloak away: notices wait, no attempt is counted, nothing spins", async () => {
    const { keycloakUserId } = await person();
    stored(keycloakUserId).lastName = "Byron";
    await feed.notice("user", keycloakUserId);
    await feed.notice("sessions", keycloakUserId);
    feed.keycloak.before = () => {
      throw new AuthError("keycloak.unavailable");
    };
    for (let minute = 0; minute < 20; minute += 1) await feed.handle(60_000);
    expect(feed.notices().map(({ attempts, lastError }) => [attempts, lastError])).toEqual([
      [0, "keycloak.unavailable"],
      [0, "keycloak.unavailable"],
    ]);
    expect(await feed.calls(() => feed.handle())).toEqual([]);
    feed.keycloak.before = undefined;
    await feed.handle(2_000);
    expect(feed.database.users.get(keycloakUserId)).toMatchObject({ lastName: "Byron" });
  });

  test("the database away in the middle: the claim runs out, and it is handled", async () => {
    const { keycloakUserId } = await person();
    stored(keycloakUserId).lastName = "Byron";
    await feed.notice("user", keycloakUserId);
    const { postpone } = feed.deps.feed;
    const apply = feed.deps.users.applyProfiles;
    feed.deps.users.applyProfiles = () => Promise.reject(new DatabaseUnavailableError("away"));
    feed.deps.feed.postpone = () => Promise.reject(new DatabaseUnavailableError("away"));
    await expect(feed.sweep.run()).rejects.toThrow("away");
    Object.assign(feed.deps.users, { applyProfiles: apply });
    Object.assign(feed.deps.feed, { postpone });
    await feed.handle(15_000);
    expect(feed.database.users.get(keycloakUserId)).toMatchObject({ lastName: "Byron" });
    expect(feed.notices()).toEqual([]);
  });

  test("a subject's own: back-off, then a dead letter with its reason, replayed when its cause is gone", async () => {
    const [bad, good] = [await person("one"), await person("two")];
    const apply = feed.deps.users.applyProfiles.bind(feed.deps.users);
    feed.deps.users.applyProfiles = async (profiles, ...rest) => {
      if (profiles.some(({ id }) => id === bad.keycloakUserId)) throw new StatementRefusedError("22021", "refused");
      return await apply(profiles, ...rest);
    };
    for (const { keycloakUserId } of [bad, good]) {
      stored(keycloakUserId).lastName = "Byron";
      await feed.notice("user", keycloakUserId);
    }
    await feed.handle();
    expect(feed.database.users.get(good.keycloakUserId)).toMatchObject({ lastName: "Byron" });
    expect(feed.notices()).toMatchObject([
      { subject: bad.keycloakUserId, attempts: 1, lastError: "user.refused_here" },
    ]);
    for (let attempt = 1; attempt < 12; attempt += 1) await feed.handle(60_000);
    expect(await feed.deps.feed.listDead()).toMatchObject([{ attempts: 12, lastError: "user.refused_here" }]);
    expect(await feed.calls(() => feed.handle(3_600_000))).toEqual([]);
    feed.deps.users.applyProfiles = apply;
    await feed.deps.feed.replay(feed.deps.now());
    await feed.handle();
    expect(feed.database.users.get(bad.keycloakUserId)).toMatchObject({ lastName: "Byron" });
    const text = await feed.registry.metrics();
    expect(text).toContain('feed_notices_total{source="admin_events",outcome="dead"} 1');
  });

  test("one user whose sessions Keycloak can't list does not stop the others", async () => {
    const [bad, good] = [await person("one"), await person("two")];
    feed.keycloak.sessions.clear();
    const list = feed.deps.keycloak.listSessions.bind(feed.deps.keycloak);
    feed.deps.keycloak.listSessions = async (id) => {
      if (id === bad.keycloakUserId) throw new AuthError("keycloak.unavailable");
      return await list(id);
    };
    for (const { keycloakUserId } of [bad, good]) await feed.notice("sessions", keycloakUserId);
    await feed.handle();
    expect(session("two")).toMatchObject({ endReason: "ended_in_keycloak" });
    expect(feed.notices().find(({ subject }) => subject === bad.keycloakUserId)).toMatchObject({ attempts: 1 });
  });
});
