// Where no event reports that a password was set, comparing finds the sessions that are older.
import { expect, test } from "bun:test";
import { OutageRetry } from "../../services/bulk/outage-retry.ts";
import type { ComposedDeps } from "../../services/sync/composed-deps.ts";
import { createFeedFixture } from "../../testing/feed-fixture.ts";
import { logIn } from "../../testing/log-in.ts";
import type { ReconcileRun } from "./reconcile-run.ts";
import { reconcileSessions } from "./reconcile-sessions.ts";
import { newRound } from "./round.ts";

function setUp({ comparesPasswords }: { comparesPasswords: boolean }) {
  const fixture = createFeedFixture();
  const { feedDeps, keycloak, clock, handle, database } = fixture;
  const run: ReconcileRun<ComposedDeps> = {
    deps: feedDeps,
    retry: new OutageRetry({ outageMs: 0 }),
    pageSize: 200,
    witnessId: keycloak.serviceAccount.id,
    passedOver: new Set<string>(),
    called: () => {},
    comparesPasswords: async () => comparesPasswords,
  };
  /** One round over all sessions, and what it hands on. @returns whom it found */
  const round = async () => {
    clock.now += 1_000;
    const state = newRound(clock.now, 0);
    for await (const _ of reconcileSessions(run, state));
    await handle();
    return state.found;
  };
  const person = async (sessionId: string) => {
    const somebody = await logIn(fixture, sessionId);
    clock.now += 60_000;
    return somebody;
  };
  const setPassword = (userId: string) => keycloak.passwords.set(userId, { setAt: new Date(clock.now) });
  return {
    ...fixture,
    round,
    person,
    setPassword,
    ended: (id: string) => database.sessions.get(id)?.endReason ?? null,
  };
}

test("a session from before the password ends, though it was refreshed a moment ago; others stay", async () => {
  const { round, person, setPassword, ended, database, clock, keycloak } = setUp({ comparesPasswords: true });
  const { keycloakUserId, keycloakSessionId } = await person("old");
  await person("other");
  expect(await round()).toBe(0);
  setPassword(keycloakUserId);
  const row = database.sessions.get("old");
  if (!row) throw new Error("no session");
  clock.now += 10_000;
  Object.assign(row, { refreshedAt: new Date(clock.now + 500), lastSeenAt: new Date(clock.now + 500) });
  expect(await round()).toBe(1);
  expect([ended("old"), ended("other")]).toEqual(["password_changed", null]);
  // Keycloak goes on with it: it is signed out there.
  expect([...database.keycloakLogouts.keys()]).toEqual([keycloakSessionId]);
  expect(keycloak.sessions.has(keycloakSessionId)).toBe(true);
  expect(await round()).toBe(0);
});

test("who logs in right after registering stays, though the clocks differ by most of a second", async () => {
  const fixture = setUp({ comparesPasswords: true });
  const { round, setPassword, ended, database } = fixture;
  fixture.clock.now = Math.ceil(fixture.clock.now / 1_000) * 1_000 + 500;
  const { keycloakUserId } = await logIn(fixture, "first");
  const row = database.sessions.get("first");
  if (!row) throw new Error("no session");
  setPassword(keycloakUserId);
  row.startedAt = new Date(fixture.clock.now - 450);
  expect(await round()).toBe(0);
  expect(ended("first")).toBeNull();
});

test("where events report it no call is spent on passwords", async () => {
  const { round, person, setPassword, ended, keycloak } = setUp({ comparesPasswords: false });
  const { keycloakUserId } = await person("old");
  setPassword(keycloakUserId);
  keycloak.calls.length = 0;
  expect(await round()).toBe(0);
  expect(keycloak.calls).not.toContain("read_password");
  expect(ended("old")).toBeNull();
});
