import { beforeEach, describe, expect, test } from "bun:test";
import type { InMemoryDatabase } from "@libs/database/testing";
import { AuthError } from "@libs/problems";
import type { SessionTokenSet } from "../../ports/ports.ts";
import { logIn } from "../../testing/log-in.ts";
import { createSyncFixture, type SyncFixture } from "../../testing/sync-fixture.ts";
import { UnknownTokenGate } from "../shared/unknown-token-gate.ts";
import { logoutSession } from "./logout-session.ts";
import { SessionRefresher } from "./refresh-session.ts";

let fixture: SyncFixture;
let replicas: SessionRefresher[];
beforeEach(() => {
  fixture = createSyncFixture();
  replicas = [new SessionRefresher(fixture.deps), new SessionRefresher(fixture.deps)];
});

type Held = { sessionId: string; refreshToken: string };
const atKeycloak = (refreshToken: string) => fixture.keycloak.tokenClient.refresh(refreshToken);
/** A replica of its own, whose calls to Keycloak are these. */
const asking = (refreshToken: (refreshToken: string) => Promise<SessionTokenSet>) =>
  new SessionRefresher({ ...fixture.deps, authentication: { refreshToken } });
const refresh = (held: Held, replica = 0) => (replicas[replica] as SessionRefresher).refresh(held);
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "ok",
    (error: AuthError) => error.code,
  );
const asked = () => fixture.keycloak.calls.filter((call) => call === "refresh").length;
const row = (sessionId = "s1") => fixture.database.sessions.get(sessionId);

/** @returns what brings the sessions and their spent tokens back as they are now */
function backup({ sessions, spentTokens }: InMemoryDatabase): () => void {
  const [kept, spent] = structuredClone([[...sessions], [...spentTokens]] as const);
  return () => {
    sessions.clear();
    for (const [id, session] of kept) sessions.set(id, session);
    spentTokens.clear();
    for (const [id, hashes] of spent) spentTokens.set(id, hashes);
  };
}

/** A session that was refreshed `times` more after the moment that the database is brought back to, `apartMs` each. */
async function lose(times: number, apartMs = 300_000) {
  const session = await logIn(fixture, "s1");
  const restore = backup(fixture.database);
  const held: Held[] = [session];
  for (let time = 0; time < times; time += 1) {
    fixture.clock.now += apartMs;
    const { refresh_token } = await refresh(held.at(-1) as Held);
    held.push({ sessionId: "s1", refreshToken: refresh_token });
  }
  restore();
  // The failover itself.
  fixture.clock.now += apartMs === 0 ? 0 : 5_000;
  return held as [Held, ...Held[]];
}

/** What anybody can write who has an access token of the session. */
function forged({ refreshToken }: Held, change: object = {}): string {
  const [header, payload = "", signature] = refreshToken.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  const changed = Buffer.from(JSON.stringify({ ...claims, jti: crypto.randomUUID(), ...change })).toString("base64url");
  return `${header}.${changed}.${"sid" in change ? signature : "forged"}`;
}

describe("the newest token, lost with its commit", () => {
  test("heals the row, for all who bring it, with one call to Keycloak; what it replaced is spent", async () => {
    const [first, , newest] = (await lose(2)) as [Held, Held, Held];
    const before = asked();
    const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => refresh(newest, index % 2)));
    expect(new Set(answers.map(({ refresh_token }) => refresh_token)).size).toBe(1);
    expect(asked() - before).toBe(1);
    expect(await fixture.registry.metrics()).toContain("sessions_healed_total 1");
    const next = { sessionId: "s1", refreshToken: answers[0]?.refresh_token ?? "" };
    expect(await codeOf(refresh(next))).toBe("ok");
    fixture.clock.now += 61_000;
    expect(await codeOf(refresh(first))).toBe("session.reuse_detected");
    expect(row()?.endReason).toBe("refresh_token_reuse");
  });

  test("at another replica while the first is at it for long: it waits, and gets the same", async () => {
    const [, newest] = (await lose(1)) as [Held, Held];
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = async (token: string) => {
      await promise;
      return await atKeycloak(token);
    };
    const first = asking(slow).refresh(newest);
    const second = refresh(newest, 1);
    // Many reads of the row.
    await Bun.sleep(100);
    resolve();
    expect((await second).refresh_token).toBe((await first).refresh_token);
  });

  test("of the same second as the row's", async () => {
    const [, newest] = (await lose(1, 0)) as [Held, Held];
    expect(await codeOf(refresh(newest))).toBe("ok");
  });

  test("also where the row's own has expired meanwhile", async () => {
    const [first, , , newest] = (await lose(3, 1_000_000)) as [Held, Held, Held, Held];
    expect(await codeOf(refresh(newest))).toBe("ok");
    fixture.clock.now += 61_000;
    expect(await codeOf(refresh(first))).toBe("session.reuse_detected");
  });

  test("logs out too", async () => {
    const [, newest] = (await lose(1)) as [Held, Held];
    await logoutSession(fixture.deps, newest);
    await fixture.background.drain();
    expect(row()?.endReason).toBe("logout");
    expect(fixture.keycloak.sessions.size).toBe(0);
  });

  test("waits while Keycloak is away: the row stays, and the lease is free", async () => {
    const [, newest] = (await lose(1)) as [Held, Held];
    const away = () => Promise.reject(new AuthError("keycloak.unavailable"));
    expect(await codeOf(asking(away).refresh(newest))).toBe("keycloak.unavailable");
    expect(await codeOf(refresh(newest))).toBe("ok");
  });
});

describe("a stolen token of the lost time", () => {
  test("older than the healed row's: theft, ended on both sides", async () => {
    const [, stolen, newest] = (await lose(2)) as [Held, Held, Held];
    expect(await codeOf(refresh(newest))).toBe("ok");
    expect(await codeOf(refresh(stolen))).toBe("session.reuse_detected");
    await fixture.background.drain();
    expect(row()?.endReason).toBe("refresh_token_reuse");
    expect(fixture.keycloak.sessions.size).toBe(0);
    expect(await codeOf(refresh(newest))).toBe("session.invalid");
  });

  test("all within one second", async () => {
    const [, stolen, newest] = (await lose(2, 0)) as [Held, Held, Held];
    expect(await codeOf(refresh(newest))).toBe("ok");
    fixture.clock.now += 61_000;
    expect(await codeOf(refresh(stolen))).toBe("session.reuse_detected");
  });

  test("brought before the newest: the newest shows the theft, and ends what the thief has", async () => {
    const [, stolen, newest] = (await lose(2)) as [Held, Held, Held];
    const thief = await refresh(stolen);
    fixture.clock.now += 61_000;
    expect(await codeOf(refresh(newest))).toBe("session.reuse_detected");
    expect(await codeOf(refresh({ sessionId: "s1", refreshToken: thief.refresh_token }))).toBe("session.invalid");
  });

  test("that the restored row takes for its current one: the newest shows the theft", async () => {
    const [stolen, newest] = (await lose(1)) as [Held, Held];
    expect(await codeOf(refresh(stolen))).toBe("ok");
    fixture.clock.now += 61_000;
    expect(await codeOf(refresh(newest))).toBe("session.reuse_detected");
  });

  test("in a realm that rotates: Keycloak's word that it was replaced is enough", async () => {
    const [, stolen] = (await lose(2)) as [Held, Held];
    const replaced = () => Promise.reject(new AuthError("session.refused", { replaced: true }));
    fixture.clock.now += 61_000;
    expect(await codeOf(asking(replaced).refresh(stolen))).toBe("session.reuse_detected");
  });

  test("issued within the grace may be another tab's: it gets the successor's answer", async () => {
    const [, tab, newest] = (await lose(2, 10_000)) as [Held, Held, Held];
    const { refresh_token } = await refresh(newest);
    fixture.clock.now += 1_000;
    expect((await refresh(tab)).refresh_token).toBe(refresh_token);
  });
});

describe("what Keycloak is not asked about, or refuses, changes nothing", () => {
  test("claims of another session, user or kind, times that can't be; garbage", async () => {
    const [, newest] = (await lose(1)) as [Held, Held];
    const other = await logIn(fixture, "s2");
    const before = structuredClone(row());
    const calls = asked();
    for (const refreshToken of [
      "garbage",
      "a.b.c",
      "",
      other.refreshToken,
      { sid: "other" },
      { sub: "other" },
      { typ: "Bearer" },
      { typ: undefined },
      { sid: undefined },
      { iat: undefined },
      { iat: "1" },
      { iat: 1.5 },
      { iat: -1 },
      { iat: 2 ** 60 },
      { exp: 1 },
    ].map((given) => (typeof given === "string" ? given : forged(newest, given)))) {
      expect(await codeOf(refresh({ sessionId: "s1", refreshToken }))).toBe("session.invalid");
      const logout = logoutSession(
        { ...fixture.deps, authentication: { logout: async () => true } },
        { sessionId: "s1", refreshToken },
      );
      expect(await codeOf(logout)).toBe("session.invalid");
    }
    expect(asked()).toBe(calls);
    expect(row()).toEqual(before as never);
  });

  test("a forged one: refused by Keycloak once, and by memory after that", async () => {
    const [, newest] = (await lose(1)) as [Held, Held];
    const before = structuredClone(row());
    const held = { sessionId: "s1", refreshToken: forged(newest) };
    const calls = asked();
    for (let time = 0; time < 5; time += 1) expect(await codeOf(refresh(held))).toBe("session.invalid");
    expect(asked() - calls).toBe(1);
    expect(row()).toEqual(before as never);
    const logout = logoutSession(fixture.deps, held);
    expect(await codeOf(logout)).toBe("session.invalid");
    expect(row()).toEqual(before as never);
    expect(await codeOf(refresh(newest))).toBe("ok");
  });

  test("many forged ones: asked about up to a limit a session, others are not held up", async () => {
    const [, newest] = (await lose(1)) as [Held, Held];
    const calls = asked();
    const codes = [];
    for (let time = 0; time < 30; time += 1)
      codes.push(await codeOf(refresh({ sessionId: "s1", refreshToken: forged(newest) })));
    expect(asked() - calls).toBe(10);
    expect(codes.filter((code) => code === "session.busy")).toHaveLength(20);
    expect(await codeOf(refresh(await logIn(fixture, "s2")))).toBe("ok");
  });

  test("a session that was ended in the lost time stays ended, by its newest token too", async () => {
    const [first, newest] = (await lose(1)) as [Held, Held];
    const restore = backup(fixture.database);
    await logoutSession(fixture.deps, newest);
    restore();
    expect(await codeOf(refresh(newest))).toBe("session.invalid");
    expect(await codeOf(refresh(first))).toBe("session.refused");
    expect(row()?.endReason).toBe("refresh_refused");
  });
});

test("no more questions at once than a bound, whatever the session", async () => {
  const gate = new UnknownTokenGate({ atOnce: 2 });
  const { promise, resolve } = Promise.withResolvers<void>();
  const running = ["a", "b"].map((session) => gate.ask(session, "hash", () => promise));
  expect(await codeOf(gate.ask("c", "hash", () => promise))).toBe("session.busy");
  resolve();
  await Promise.all(running);
  expect(await codeOf(gate.ask("c", "hash", () => promise))).toBe("ok");
});
