import { describe, expect, test } from "bun:test";
import type { LogoutPlan } from "../../ports/session-repository.ts";
import { fresh, LATER, LATEST, loginOf, type MakeSubject, NOW, profileOf, tokensOf } from "./contract-subject.ts";

const MINUTE = 60_000;
/** A lease that has ended: columns keep whole milliseconds, so that one of 0 ms may still hold for a moment. */
const OVER = -1000;
const plan: LogoutPlan = { nextAttemptAt: LATER, marginMs: MINUTE, latestExpiresAt: LATEST };

/** The part of the SessionRepository contract that is about leases, and about ends that Keycloak must follow. */
export function sessionRefreshContract(name: string, makeSubject: MakeSubject): void {
  const live = async (change: Parameters<typeof loginOf>[0] = {}) => {
    const subject = await makeSubject();
    const { session } = await subject.sessions.recordLogin(loginOf(change));
    return { ...subject, session, sessionId: session.sessionId, hash: session.refreshTokenHash as string };
  };

  describe(`${name}: SessionRepository.beginRefresh`, () => {
    test("gives the lease to one caller, and the row to all", async () => {
      const { sessions, session, sessionId, hash } = await live();
      const attempts = await Promise.all(
        Array.from({ length: 8 }, () => sessions.beginRefresh(sessionId, hash, MINUTE)),
      );
      expect(attempts.flatMap((attempt) => attempt?.fence ?? [])).toEqual([1n]);
      for (const attempt of attempts) expect(attempt).toMatchObject({ session, standing: "current", spentAt: null });
    });

    test("gives it again when it was released, or is over, with a higher fence", async () => {
      const { sessions, sessionId, hash } = await live();
      const fenceOf = async (leaseMs: number) => (await sessions.beginRefresh(sessionId, hash, leaseMs))?.fence;
      expect(await fenceOf(MINUTE)).toBe(1n);
      await sessions.releaseRefresh(sessionId, 1n);
      expect(await fenceOf(OVER)).toBe(2n);
      expect(await fenceOf(MINUTE)).toBe(3n);
      await sessions.releaseRefresh(sessionId, 2n);
      expect(await fenceOf(MINUTE)).toBeNull();
    });

    test("refuses what a late holder stores; the newest holder's stays and frees the lease", async () => {
      const { sessions, sessionId, hash } = await live();
      const late = (await sessions.beginRefresh(sessionId, hash, OVER))?.fence ?? 0n;
      const newest = (await sessions.beginRefresh(sessionId, hash, MINUTE))?.fence ?? 0n;
      expect(await sessions.replaceTokens(sessionId, hash, tokensOf(fresh("late")), LATER, late)).toBeNull();
      const mark = fresh("newest");
      expect(await sessions.replaceTokens(sessionId, hash, tokensOf(mark), LATER, newest)).not.toBeNull();
      expect(await sessions.replaceTokens(sessionId, hash, tokensOf(fresh("late")), LATEST, newest)).toBeNull();
      expect(await sessions.beginRefresh(sessionId, hash, MINUTE)).toMatchObject({
        standing: "spent",
        spentAt: LATER,
        fence: null,
        session: tokensOf(mark),
      });
      expect(await sessions.beginRefresh(sessionId, `hash-${mark}`, MINUTE)).toMatchObject({ fence: newest + 1n });
    });

    test("gives none for garbage, an ended or an unknown session", async () => {
      const { sessions, sessionId, hash } = await live();
      expect(await sessions.beginRefresh(sessionId, "garbage", MINUTE)).toMatchObject({
        standing: "unknown",
        fence: null,
      });
      await sessions.end(sessionId, "logout", LATER);
      const ended = await sessions.beginRefresh(sessionId, hash, MINUTE);
      expect(ended).toMatchObject({ standing: "current", fence: null, session: { endedAt: LATER } });
      expect(await sessions.beginRefresh(fresh("nobody"), hash, MINUTE)).toBeNull();
    });
  });

  describe(`${name}: SessionRepository.end, with conditions and consequences`, () => {
    test("only the newest holder of the current token ends the session", async () => {
      const { sessions, sessionId, hash } = await live();
      const fence = (await sessions.beginRefresh(sessionId, hash, OVER))?.fence ?? 0n;
      const end = (onlyIf: { fence: bigint; refreshTokenHash: string }) =>
        sessions.end(sessionId, "refresh_refused", LATER, { onlyIf });
      expect(await end({ fence: fence - 1n, refreshTokenHash: hash })).toBeNull();
      expect(await end({ fence, refreshTokenHash: "other" })).toBeNull();
      expect(await end({ fence, refreshTokenHash: hash })).not.toBeNull();
    });

    test("the end and Keycloak's logout are written together, once", async () => {
      const { sessions, keycloakLogouts, session, sessionId } = await live({ session: { refreshExpiresAt: LATER } });
      const { keycloakSessionId } = session;
      await sessions.end(sessionId, "logout", NOW, { logout: plan });
      await sessions.end(sessionId, "admin", NOW, { logout: plan });
      const waiting = await keycloakLogouts.claimDue(LATER, LATEST, 1000);
      expect(waiting.filter((row) => row.keycloakSessionId === keycloakSessionId)).toEqual([
        {
          keycloakSessionId,
          userId: session.userId,
          reason: "logout",
          attempts: 1,
          lastError: null,
          nextAttemptAt: LATEST,
          createdAt: NOW,
          expiresAt: new Date(LATER.getTime() + MINUTE),
        },
      ]);
      expect(await keycloakLogouts.remove(keycloakSessionId)).toBe(true);
    });

    test("a token presented twice is logged as such", async () => {
      const { sessions, activities, session, sessionId } = await live();
      await sessions.end(sessionId, "refresh_token_reuse", LATER);
      const types = (await activities.listByUser(session.userId, 10)).map(({ type }) => type);
      expect(types).toContain("session.refresh_token_reused");
      expect(types).toContain("session.ended");
    });

    test("all live sessions of a user end at once, nobody else's; one without an end is tried until the latest", async () => {
      const subject = await makeSubject();
      const { sessions, keycloakLogouts, activities } = subject;
      const profile = profileOf();
      const logins = [
        loginOf({ profile }),
        loginOf({ profile, session: { refreshExpiresAt: null } }),
        loginOf({ profile }),
      ];
      for (const login of logins) await sessions.recordLogin(login);
      const [first, second, third] = logins.map(({ session }) => session);
      const other = loginOf();
      await sessions.recordLogin(other);
      await sessions.end(first?.sessionId ?? "", "logout", LATER);
      const wanted = [second?.keycloakSessionId ?? "", third?.keycloakSessionId ?? ""].toSorted();
      expect((await sessions.endAll(profile.id, "logout_everywhere", LATER, plan)).toSorted()).toEqual(wanted);
      expect(await sessions.endAll(profile.id, "logout_everywhere", LATER, plan)).toEqual([]);
      for (const { session } of logins)
        expect(await sessions.findById(session.sessionId)).toMatchObject({ endedAt: LATER, accessToken: "" });
      expect(await sessions.findById(other.session.sessionId)).toMatchObject({ endedAt: null });
      const ended = (await activities.listByUser(profile.id, 20)).filter(({ type }) => type === "session.ended");
      expect(ended).toHaveLength(3);
      const rows = (await keycloakLogouts.claimDue(LATER, LATEST, 1000)).filter(({ userId }) => userId === profile.id);
      expect(rows.map(({ keycloakSessionId }) => keycloakSessionId).toSorted()).toEqual(wanted);
      const endless = rows.find(({ keycloakSessionId }) => keycloakSessionId === second?.keycloakSessionId);
      expect(endless?.expiresAt).toEqual(LATEST);
      for (const sid of wanted) await keycloakLogouts.remove(sid);
    });
  });
}
