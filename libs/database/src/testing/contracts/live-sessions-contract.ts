import { describe, expect, test } from "bun:test";
import type { LivePosition, LogoutPlan } from "../../ports/session-repository.ts";
import { fresh, LATER, LATEST, loginOf, type MakeSubject, NOW, profileOf, tokensOf } from "./contract-subject.ts";

const after = (start: Date, seconds: number) => new Date(start.getTime() + seconds * 1000);

/** The part of the SessionRepository contract that is about sessions which Keycloak has ended, or has to. */
export function liveSessionsContract(name: string, makeSubject: MakeSubject): void {
  /** Sessions of one user that start a second apart, the third of them offline; and one of somebody else. */
  const begin = async () => {
    const subject = await makeSubject();
    const profile = profileOf();
    const logins = [0, 1, 2].map((second) =>
      loginOf({ profile, session: { startedAt: after(NOW, second), refreshExpiresAt: second === 2 ? null : LATEST } }),
    );
    const other = loginOf();
    for (const login of [...logins, other]) await subject.sessions.recordLogin(login);
    const sids = logins.map(({ session }) => session.keycloakSessionId);
    const endedOf = async () =>
      (await Promise.all(logins.map(({ session }) => subject.sessions.findById(session.sessionId)))).map(
        (session) => session?.endReason ?? null,
      );
    return { ...subject, userId: profile.id, logins, sids, other, endedOf };
  };
  const plan: LogoutPlan = { nextAttemptAt: LATER, marginMs: 60_000, latestExpiresAt: LATEST };
  const bySid = (a: { keycloakSessionId: string }, b: { keycloakSessionId: string }) =>
    a.keycloakSessionId < b.keycloakSessionId ? -1 : 1;

  describe(`${name}: SessionRepository, live sessions`, () => {
    test("lists a person's live sessions, those seen last first, and ends one of them only", async () => {
      const { sessions } = await makeSubject();
      const profile = profileOf();
      const [first, second] = [loginOf({ profile, now: LATER }), loginOf({ profile, now: NOW })];
      const other = loginOf();
      for (const login of [first, second, other]) await sessions.recordLogin(login);
      const [userId, otherId] = [profile.id, other.profile.id];
      const listed = await sessions.listOfPerson(userId, 10);
      expect(listed.map(({ sessionId }) => sessionId)).toEqual([first.session.sessionId, second.session.sessionId]);
      const { sessionId, keycloakSessionId, ipAddress, userAgent, startedAt } = first.session;
      expect(listed[0]).toEqual({ sessionId, keycloakSessionId, ipAddress, userAgent, startedAt, lastSeenAt: LATER });
      expect(await sessions.listOfPerson(userId, 1)).toHaveLength(1);
      const theirs = { userId: otherId, sessionId };
      expect(await sessions.endLive(theirs, "ended_elsewhere", LATER)).toEqual([]);
      expect(await sessions.findLive(theirs)).toEqual([]);
      expect(await sessions.endLive({ userId, sessionId }, "ended_elsewhere", LATER)).toHaveLength(1);
      expect((await sessions.listOfPerson(userId, 10)).map((session) => session.sessionId)).toEqual([
        second.session.sessionId,
      ]);
    });

    test("are found by user, by their start, without one, and by sid", async () => {
      const { sessions, userId, logins, sids, other } = await begin();
      const found = async (which: Parameters<typeof sessions.findLive>[0]) =>
        (await sessions.findLive(which)).map(({ keycloakSessionId }) => sids.indexOf(keycloakSessionId)).sort();
      const all = await sessions.findLive({ userId });
      expect(all.sort(bySid)).toEqual(
        logins
          .map(({ session: { sessionId, keycloakSessionId, refreshExpiresAt, startedAt, offline } }) => {
            return { sessionId, userId, keycloakSessionId, refreshExpiresAt, startedAt, offline, keptAsOf: null };
          })
          .sort(bySid),
      );
      expect(await found({ userId, startedBefore: after(NOW, 1) })).toEqual([0]);
      expect(await found({ userId, startedBefore: after(NOW, 2), exceptKeycloakSessionId: sids[0] })).toEqual([1]);
      expect(await found({ userId, exceptKeycloakSessionId: null })).toEqual([0, 1, 2]);
      expect(await found({ keycloakSessionIds: [sids[2] as string, fresh("nobody")] })).toEqual([2]);
      expect(await found({ keycloakSessionIds: [other.session.keycloakSessionId] })).toEqual([-1]);
      expect(await found({ keycloakSessionIds: [] })).toEqual([]);
      expect(await found({ userId: fresh("nobody") })).toEqual([]);
      await sessions.end(logins[1]?.session.sessionId as string, "logout", LATER);
      expect(await found({ userId })).toEqual([0, 2]);
      expect(await found({ keycloakSessionIds: sids })).toEqual([0, 2]);
    });

    test("those that Keycloak has ended end here without a logout there", async () => {
      const { sessions, keycloakLogouts, activities, userId, logins, sids, endedOf } = await begin();
      const waiting = await keycloakLogouts.countWaiting();
      const gone = { keycloakSessionIds: [sids[0] as string, fresh("nobody")] };
      const sessionId = logins[0]?.session.sessionId as string;
      expect(await sessions.endLive(gone, "ended_in_keycloak", LATER)).toEqual([
        { sessionId, userId, keycloakSessionId: sids[0] as string },
      ]);
      expect(await sessions.endLive(gone, "ended_in_keycloak", LATEST)).toEqual([]);
      expect(await sessions.endLive({ keycloakSessionIds: [] }, "ended_in_keycloak", LATEST)).toEqual([]);
      expect(await endedOf()).toEqual(["ended_in_keycloak", null, null]);
      expect(await sessions.findById(sessionId)).toMatchObject({ accessToken: "", refreshToken: null, endedAt: LATER });
      expect(await keycloakLogouts.countWaiting()).toEqual(waiting);
      expect((await activities.listByUser(userId, 10))[0]).toMatchObject({ type: "session.ended", at: LATER });
    });

    test("a new password ends those before it, except its own, and Keycloak is to end them", async () => {
      const { sessions, keycloakLogouts, userId, sids, other, endedOf } = await begin();
      const before = { userId, startedBefore: after(NOW, 2), exceptKeycloakSessionId: sids[1] };
      const ended = await sessions.endLive(before, "password_changed", LATER, plan);
      expect(ended.map(({ keycloakSessionId }) => keycloakSessionId)).toEqual([sids[0] as string]);
      expect(await endedOf()).toEqual(["password_changed", null, null]);
      expect(await keycloakLogouts.remove(sids[0] as string)).toBe(true);
      expect(await sessions.findById(other.session.sessionId)).toMatchObject({ endedAt: null });
    });

    test("a disabled user's all end, offline ones too, once", async () => {
      const { sessions, keycloakLogouts, userId, sids, endedOf } = await begin();
      const ends = await Promise.all(
        Array.from({ length: 3 }, () => sessions.endLive({ userId }, "user_disabled", LATER, plan)),
      );
      expect(ends.flat()).toHaveLength(3);
      expect(await endedOf()).toEqual(["user_disabled", "user_disabled", "user_disabled"]);
      for (const sid of sids) expect(await keycloakLogouts.remove(sid)).toBe(true);
    });

    test("with tokens from before a time end, of one user or of everybody, in batches", async () => {
      const { sessions, keycloakLogouts, userId, logins, sids } = await begin();
      const issued = async (place: number, tokensIssuedAt: Date | null) => {
        const { sessionId, refreshTokenHash } = logins[place]?.session ?? { sessionId: "", refreshTokenHash: null };
        await sessions.replaceTokens(sessionId, refreshTokenHash, tokensOf(fresh("new"), { tokensIssuedAt }), era);
      };
      // Before all other tests' sessions, which share the database.
      const era = new Date("1999-01-01T00:00:00.000Z");
      await issued(0, after(era, 1));
      await issued(1, after(era, 2));
      // Of a row from before that was kept its last refresh counts.
      await issued(2, null);
      const sidsOf = (list: { keycloakSessionId: string }[]) => list.map((one) => sids.indexOf(one.keycloakSessionId));
      const issuedBefore = after(era, 2);
      expect(sidsOf(await sessions.findLive({ userId, issuedBefore })).sort()).toEqual([0, 2]);
      expect(await sessions.findLive({ userId: fresh("nobody"), issuedBefore })).toEqual([]);
      const endAll = async (limit: number) => {
        let total = 0;
        for (let after: LivePosition | null = null, isFirst = true; after !== null || isFirst; isFirst = false) {
          const { ended, last } = await sessions.endIssuedBefore(
            issuedBefore,
            "ended_in_keycloak",
            LATER,
            { after, limit },
            plan,
          );
          total += ended;
          after = last;
        }
        return total;
      };
      expect([await endAll(2), await endAll(500)]).toEqual([2, 0]);
      expect(sidsOf(await sessions.findLive({ userId }))).toEqual([1]);
      expect(await keycloakLogouts.remove(sids[0] as string)).toBe(true);
      await sessions.endLive({ userId, issuedBefore: after(era, 3) }, "ended_in_keycloak", LATER, plan);
      expect(await sessions.findLive({ userId })).toEqual([]);
    });

    test("one in which the password was changed is kept, and knows until when", async () => {
      const { sessions, userId, sids } = await begin();
      const asOf = async () =>
        (await sessions.findLive({ userId })).map(({ keycloakSessionId, keptAsOf }) => [
          sids.indexOf(keycloakSessionId),
          keptAsOf,
        ]);
      await sessions.keepAfterPassword(sids[1] as string, LATER);
      await sessions.keepAfterPassword(sids[1] as string, NOW);
      await sessions.keepAfterPassword(fresh("nobody"), LATER);
      expect(new Map((await asOf()) as [number, Date | null][])).toEqual(
        new Map([
          [0, null],
          [1, LATER],
          [2, null],
        ]),
      );
    });

    test("those whose refresh token has run out expire, in batches; what was refreshed or has no end stays", async () => {
      const { sessions } = await makeSubject();
      // Before the ends of other tests' sessions, which share the database; after what retention covers.
      const at = (seconds: number) => after(new Date("2001-01-01T00:00:00.000Z"), seconds);
      const start = async (refreshExpiresAt: Date | null) => {
        const { session } = await sessions.recordLogin(loginOf({ session: { refreshExpiresAt } }));
        return session.sessionId;
      };
      const over = [await start(at(1)), await start(at(2)), await start(at(3))];
      const [open, offline] = [await start(at(4)), await start(null)];
      expect(await sessions.endExpired(at(3), 2)).toEqual({ checked: 2, ended: 2 });
      expect(await sessions.endExpired(at(3), 2)).toEqual({ checked: 1, ended: 1 });
      expect(await sessions.endExpired(at(3), 2)).toEqual({ checked: 0, ended: 0 });
      for (const sessionId of over)
        expect(await sessions.findById(sessionId)).toMatchObject({ endReason: "expired", endedAt: at(3) });
      for (const sessionId of [open, offline])
        expect(await sessions.findById(sessionId)).toMatchObject({ endedAt: null });
      await sessions.end(open, "logout", at(4));
    });

    test("an end that a refresh has moved is checked where it was, and again where it is", async () => {
      const { sessions } = await makeSubject();
      const at = (seconds: number) => after(new Date("2001-02-01T00:00:00.000Z"), seconds);
      const { session } = await sessions.recordLogin(loginOf({ session: { refreshExpiresAt: at(5) } }));
      const { sessionId } = session;
      const refresh = (from: string | null, to: string, refreshExpiresAt: Date | null) =>
        sessions.replaceTokens(sessionId, from, tokensOf(to, { refreshExpiresAt }), at(1));
      const hashes = ["longer", "shorter", "endless", "limited"].map(fresh);
      const [longer = "", shorter = "", endless = "", limited = ""] = hashes;
      const none = { checked: 0, ended: 0 };
      const checked = { checked: 1, ended: 0 };
      await refresh(session.refreshTokenHash, longer, at(20));
      expect([await sessions.endExpired(at(4), 10), await sessions.endExpired(at(5), 10)]).toEqual([none, checked]);
      expect(await sessions.endExpired(at(19), 10)).toEqual(none);
      await refresh(`hash-${longer}`, shorter, at(10));
      await refresh(`hash-${shorter}`, endless, null);
      expect([await sessions.endExpired(at(10), 10), await sessions.endExpired(at(1_000), 10)]).toEqual([
        checked,
        none,
      ]);
      await refresh(`hash-${endless}`, limited, at(15));
      expect(await sessions.endExpired(at(14), 10)).toEqual(none);
      expect(await sessions.endExpired(at(15), 10)).toEqual({ checked: 1, ended: 1 });
      expect(await sessions.findById(sessionId)).toMatchObject({ endReason: "expired" });
    });

    test("those that started in a span are found, ended ones too, the end of the span excluded", async () => {
      const { sessions } = await makeSubject();
      const era = new Date(Date.UTC(2050, 0, 1) + Number.parseInt(crypto.randomUUID().slice(0, 8), 16));
      const started: { keycloakSessionId: string; startedAt: Date }[] = [];
      for (const seconds of [0, 1, 2]) {
        const { session } = await sessions.recordLogin(loginOf({ session: { startedAt: after(era, seconds) } }));
        started.push({ keycloakSessionId: session.keycloakSessionId, startedAt: session.startedAt });
        if (seconds === 1) await sessions.end(session.sessionId, "logout", LATEST);
      }
      const found = async (from: number, to: number, limit = 10) =>
        (await sessions.findStartedBetween(after(era, from), after(era, to), limit)).sort(bySid);
      expect(await found(0, 2)).toEqual(started.slice(0, 2).sort(bySid));
      expect(await found(1, 3)).toEqual(started.slice(1).sort(bySid));
      expect(await found(0, 3, 2)).toHaveLength(2);
    });
  });
}
