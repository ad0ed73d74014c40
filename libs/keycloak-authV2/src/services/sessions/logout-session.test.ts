import { beforeEach, describe, expect, test } from "bun:test";
import { DatabaseUnavailableError } from "@libs/database";
import { AuthError, isAuthError } from "@libs/problems";
import { logIn } from "../../testing/log-in.ts";
import { createSyncFixture, type SyncFixture } from "../../testing/sync-fixture.ts";
import { logoutEverywhere } from "./logout-everywhere.ts";
import { logoutSession } from "./logout-session.ts";
import { createLogoutSweep } from "./logout-sweep.ts";
import { SessionRefresher } from "./refresh-session.ts";

let fixture: SyncFixture;
let session: Awaited<ReturnType<typeof logIn>>;
let away: boolean;
beforeEach(async () => {
  away = false;
  fixture = createSyncFixture();
  fixture.keycloak.before = () => {
    if (away) throw new AuthError("keycloak.unavailable");
  };
  session = await logIn(fixture, "s1");
});

const waiting = () => [...fixture.database.keycloakLogouts.values()];
const sweep = () => createLogoutSweep(fixture.deps).run();

describe("a logout", () => {
  test("ends both sides and leaves nothing to do", async () => {
    await logoutSession(fixture.deps, session);
    expect(fixture.database.sessions.get("s1")).toMatchObject({ endReason: "logout", refreshToken: null });
    expect(fixture.keycloak.sessions.size).toBe(0);
    expect(waiting()).toEqual([]);
  });

  test("while Keycloak is away ends the local session, and Keycloak's as soon as it is back", async () => {
    away = true;
    const woken: string[] = [];
    fixture.deps.wake = (name) => woken.push(name);
    await logoutSession(fixture.deps, session);
    expect(fixture.database.sessions.get("s1")).toMatchObject({ endReason: "logout" });
    expect(waiting()).toMatchObject([{ keycloakSessionId: session.keycloakSessionId, reason: "logout" }]);
    expect(woken).toEqual(["logouts"]);
    fixture.clock.now += 4_000;
    // Nothing has come of it: no reason to run again at once.
    expect(await sweep()).toBe(0);
    expect(waiting()).toMatchObject([{ attempts: 1, lastError: "keycloak.unavailable" }]);
    expect(await fixture.registry.metrics()).toContain("keycloak_logouts_waiting 1");
    away = false;
    expect(await sweep()).toBe(0);
    fixture.clock.now += 1_000;
    expect(await sweep()).toBe(1);
    expect([fixture.keycloak.sessions.size, waiting().length]).toEqual([0, 0]);
    expect(await fixture.registry.metrics()).toContain("keycloak_logouts_waiting 0");
  });

  test("is tried at growing distances, ten seconds at most, until the session can't exist any more", async () => {
    away = true;
    await logoutSession(fixture.deps, session);
    const pauses: number[] = [];
    fixture.clock.now += 4_000;
    while (waiting().length > 0) {
      await sweep();
      const next = waiting()[0]?.nextAttemptAt.getTime();
      if (next === undefined) break;
      pauses.push((next - fixture.clock.now) / 1000);
      fixture.clock.now = next;
    }
    expect(pauses.slice(0, 7)).toEqual([1, 2, 4, 8, 10, 10, 10]);
    expect(Math.max(...pauses)).toBe(10);
    expect(await fixture.registry.metrics()).toContain("keycloak_logouts_expired_total 1");
  });

  test("with a spent token ends Keycloak's session by its id", async () => {
    const refresher = new SessionRefresher(fixture.deps);
    await refresher.refresh(session);
    const logout = () => Promise.reject(new Error("not by token"));
    await logoutSession({ ...fixture.deps, authentication: { logout } }, session);
    await fixture.background.drain();
    expect([fixture.keycloak.sessions.size, waiting().length]).toEqual([0, 0]);
  });

  test("of a session that ended otherwise reaches Keycloak too, later if need be", async () => {
    await fixture.deps.sessions.end("s1", "expired", fixture.deps.now());
    away = true;
    await logoutSession(fixture.deps, session);
    expect(waiting()).toHaveLength(1);
    away = false;
    await logoutSession(fixture.deps, session);
    expect([fixture.keycloak.sessions.size, waiting().length]).toEqual([0, 0]);
  });
});

test("a login whose row can't be written leaves a queued logout when Keycloak is away by then", async () => {
  const { sessions } = fixture.deps;
  sessions.recordLogin = () => {
    away = true;
    return Promise.reject(new DatabaseUnavailableError());
  };
  await expect(logIn(fixture, "s2")).rejects.toBeInstanceOf(DatabaseUnavailableError);
  while (waiting().length === 0) await Bun.sleep(1);
  expect(waiting()).toMatchObject([{ reason: "login_failed" }]);
  away = false;
  await fixture.background.drain();
  expect([...fixture.keycloak.sessions.keys()]).toEqual([session.keycloakSessionId]);
  expect(waiting()).toEqual([]);
});

test("a login whose row can't be written is ended in Keycloak by the next tries, the database being away all the time", async () => {
  const { sessions, keycloakLogouts } = fixture.deps;
  const gone = () => Promise.reject(new DatabaseUnavailableError());
  Object.assign(sessions, { recordLogin: gone, end: gone });
  Object.assign(keycloakLogouts, { add: gone, remove: gone });
  let refusals = 2;
  fixture.keycloak.before = (operation) => {
    if (operation === "delete_session" && refusals-- > 0) throw new AuthError("keycloak.timeout");
  };
  await expect(logIn(fixture, "s2")).rejects.toBeInstanceOf(DatabaseUnavailableError);
  while (fixture.keycloak.sessions.size > 1) await Bun.sleep(5);
  expect([...fixture.keycloak.sessions.keys()]).toEqual([session.keycloakSessionId]);
});

describe("logging a user out everywhere", () => {
  const offlineSession = () => {
    const online = fixture.keycloak.sessions.get(session.keycloakSessionId);
    if (online) fixture.keycloak.offlineSessions.set("offline-1", { ...online, id: "offline-1" });
  };

  test("ends what is known here and what is not, offline sessions too, and nobody else's", async () => {
    const other = await logIn(fixture, "s2");
    offlineSession();
    const { keycloak, database, deps } = fixture;
    const [known] = keycloak.sessions.values();
    if (known) keycloak.sessions.set("elsewhere", { ...known, id: "elsewhere" });
    expect(await logoutEverywhere(deps, session.keycloakUserId)).toEqual({ ended: 1 });
    expect([...keycloak.sessions.keys()]).toEqual([other.keycloakSessionId]);
    expect(keycloak.offlineSessions.size).toBe(0);
    expect(database.sessions.get("s1")).toMatchObject({ endReason: "logout_everywhere" });
    expect(database.sessions.get("s2")).toMatchObject({ endedAt: null });
    expect(waiting()).toEqual([]);
  });

  test("while Keycloak is away ends the sessions here, queues them, and says that it must be repeated", async () => {
    away = true;
    const failure = await logoutEverywhere(fixture.deps, session.keycloakUserId).catch((error: unknown) => error);
    expect(isAuthError(failure, "keycloak.unavailable")).toBe(true);
    expect(fixture.database.sessions.get("s1")).toMatchObject({ endReason: "logout_everywhere" });
    expect(waiting()).toHaveLength(1);
  });
});
