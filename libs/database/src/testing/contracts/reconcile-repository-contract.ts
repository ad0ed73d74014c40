import { describe, expect, test } from "bun:test";
import type { UserCounts } from "../../ports/reconcile-repository.ts";
import {
  fresh,
  LATER,
  LATEST,
  loginOf,
  type MakeSubject,
  NOW,
  outcomeOf,
  profileOf,
  tokensOf,
  writeUser,
} from "./contract-subject.ts";

/** What every ReconcileRepository does. Tests share the tables, so each covers its own users only. */
export function reconcileRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: ReconcileRepository`, () => {
    test("the counts follow every change of a user, and folding changes nothing", async () => {
      const subject = await makeSubject();
      const { reconcile, users, sessions } = subject;
      const before = await reconcile.countUsers();
      const added = async (): Promise<UserCounts> => {
        const now = await reconcile.countUsers();
        const { live, enabled, emailVerified } = before;
        return {
          live: now.live - live,
          enabled: now.enabled - enabled,
          emailVerified: now.emailVerified - emailVerified,
        };
      };
      const [a, b, c] = [profileOf(), profileOf({ enabled: false }), profileOf({ emailVerified: false })];
      for (const profile of [a, b, c]) await writeUser(subject, profile, NOW);
      expect(await added()).toEqual({ live: 3, enabled: 2, emailVerified: 2 });
      await reconcile.foldCounts(1_000);
      expect(await added()).toEqual({ live: 3, enabled: 2, emailVerified: 2 });
      await outcomeOf(subject, { ...a, enabled: false }, LATER);
      await outcomeOf(subject, { ...c, emailVerified: true, lastName: "Other" }, LATER);
      expect(await added()).toEqual({ live: 3, enabled: 1, emailVerified: 3 });
      await sessions.recordLogin(loginOf({ profile: c }));
      expect(await added()).toEqual({ live: 3, enabled: 1, emailVerified: 3 });
      await users.markDeleted(c.id, LATER);
      await users.markDeleted(b.id, LATER);
      expect(await added()).toEqual({ live: 1, enabled: 0, emailVerified: 1 });
      await outcomeOf(subject, c, LATEST);
      await Promise.all([reconcile.foldCounts(2), reconcile.foldCounts(1_000)]);
      expect(await added()).toEqual({ live: 2, enabled: 1, emailVerified: 1 });
    });

    test("users by Keycloak's created time", async () => {
      const subject = await makeSubject();
      const { reconcile, users } = subject;
      const prefix = fresh("dated");
      const ids = ["a", "b", "c", "d"].map((letter) => `${prefix}-${letter}`) as [string, string, string, string];
      for (const id of ids) await writeUser(subject, profileOf({ id, username: id }), NOW);
      // A time of this test's own.
      const base = Date.UTC(1970, 0, 1) + Math.floor(Math.random() * 1e12);
      const at = (ms: number) => new Date(base + ms);
      expect(await reconcile.listUndated(prefix, 4)).toEqual({ ids, last: ids[3] });
      const dated = [at(0), at(5), at(5), at(9)].map((createdAt, place) => ({ id: ids[place] as string, createdAt }));
      await reconcile.recordCreatedTimes([...dated, { id: `${prefix}-unknown`, createdAt: at(1) }]);
      expect(await reconcile.listUndated(prefix, 2)).toEqual({ ids: [], last: ids[1] });
      expect(await reconcile.listCreatedBetween(at(0), at(9), null, 10)).toEqual(dated);
      expect(await reconcile.listCreatedBetween(at(1), at(5), null, 10)).toEqual(dated.slice(1, 3));
      expect(await reconcile.countCreatedBetween(at(1), at(9))).toEqual({ live: 3, enabled: 3, emailVerified: 3 });
      expect(await reconcile.countUpTo(ids[1], ids)).toBe(2);
      expect(await reconcile.listCreatedBetween(at(0), at(9), dated[1] ?? null, 1)).toEqual(dated.slice(2, 3));
      expect(await reconcile.nextBoundary(at(-1), 3)).toEqual(at(5));
      expect(await reconcile.nextBoundary(at(0), 3)).toEqual(at(9));
      await reconcile.recordCreatedTimes([{ id: ids[0], createdAt: at(7) }]);
      expect(await reconcile.listCreatedBetween(at(6), at(8), null, 10)).toEqual([{ id: ids[0], createdAt: at(7) }]);
      await users.markDeleted(ids[0], LATER);
      expect(await reconcile.listCreatedBetween(at(6), at(8), null, 10)).toEqual([]);
      expect((await users.findById(ids[1])) as object).not.toHaveProperty("keycloakCreatedAt");
    });

    test("live sessions that were neither begun nor refreshed since, and those of who may not log in", async () => {
      const subject = await makeSubject();
      const { reconcile, sessions } = subject;
      const prefix = fresh("idle");
      const ids = ["a", "b", "c"].map((letter) => `${prefix}-${letter}`) as [string, string, string];
      const [idle, refreshed, disabled] = ids.map((id) => loginOf({ profile: profileOf({ id, username: id }) }));
      if (!idle || !refreshed || !disabled) throw new Error("no logins");
      const second = loginOf({ profile: idle.profile, session: { startedAt: LATEST } });
      for (const login of [idle, refreshed, disabled, second]) await sessions.recordLogin(login);
      const tokens = tokensOf(fresh("next"), { refreshExpiresAt: LATEST });
      await sessions.replaceTokens(
        refreshed.session.sessionId,
        refreshed.session.refreshTokenHash,
        tokens,
        new Date(LATER.getTime() + 1),
      );
      await outcomeOf(subject, { ...disabled.profile, enabled: false }, LATER);
      const expected = ({ session, profile }: ReturnType<typeof loginOf>, userMayLogIn: boolean) => ({
        sessionId: session.sessionId,
        userId: profile.id,
        keycloakSessionId: session.keycloakSessionId,
        refreshExpiresAt: session.refreshExpiresAt,
        startedAt: session.startedAt,
        offline: session.offline,
        keptAsOf: null,
        userMayLogIn,
      });
      expect(await reconcile.listIdleSessions(prefix, LATER, 2)).toEqual({
        sessions: [expected(idle, true)],
        last: ids[1],
      });
      expect((await reconcile.listIdleSessions(ids[0], LATER, 1)).sessions).toEqual([]);
      expect(await reconcile.listIdleSessions(ids[1], LATER, 1)).toEqual({
        sessions: [expected(disabled, false)],
        last: ids[2],
      });
      await sessions.end(idle.session.sessionId, "logout", LATER);
      expect(await reconcile.listIdleSessions(prefix, LATER, 1)).toEqual({ sessions: [], last: ids[0] });
    });

    test("dead letters among subjects", async () => {
      const { reconcile, feed } = await makeSubject();
      const [dead, waiting] = [fresh("dead"), fresh("waiting")];
      const notice = { kind: "user", source: "admin_events", changedAt: null } as const;
      await feed.addNotices([{ ...notice, subject: dead }], NOW);
      const [claimed] = (await feed.claimDue(LATEST, LATEST, 1_000)).filter(({ subject }) => subject === dead);
      if (!claimed) throw new Error("not claimed");
      await feed.moveToDeadLetters(claimed, "user.name_collision", LATER);
      await feed.addNotices([{ ...notice, subject: waiting }], NOW);
      expect(await reconcile.findDeadLetters("user", [dead, waiting])).toEqual([dead]);
      expect(await reconcile.findDeadLetters("sessions", [dead])).toEqual([]);
    });
  });
}
