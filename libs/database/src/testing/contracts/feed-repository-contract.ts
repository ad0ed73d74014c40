import { describe, expect, test } from "bun:test";
import type { ChangeNotice } from "../../ports/feed-repository.ts";
import { fresh, loginOf, type MakeSubject } from "./contract-subject.ts";
import { feedEra, noticeOf } from "./feed-era.ts";

const [CLAIMED, ALL] = [1_000, 100_000];

/** What every FeedRepository does with notices. */
export function feedRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: FeedRepository`, () => {
    test("a notice is due at its time, for one caller alone, and again when that one's claim is over", async () => {
      const { feed } = await makeSubject();
      const at = feedEra();
      const notice = noticeOf({ kind: "credentials", changedAt: at(-1), keepSession: "sid" });
      const early = noticeOf({ notBefore: at(5) });
      await feed.addNotices([notice, early], at(0));
      expect(await feed.claimDue(at(-0.001), at(20), ALL)).toEqual([]);
      const claims = await Promise.all(Array.from({ length: 4 }, () => feed.claimDue(at(4), at(20), ALL)));
      expect(claims.flat()).toEqual([
        {
          kind: "credentials",
          subject: notice.subject,
          source: "admin_events",
          changedAt: at(-1),
          keepSession: "sid",
          version: 1n,
          passes: 0,
          attempts: 0,
          lastError: null,
          deadAt: null,
          id: expect.any(BigInt),
          createdAt: at(0),
          nextAttemptAt: at(20),
        } as ChangeNotice,
      ]);
      expect(await feed.claimDue(at(19), at(30), ALL)).toMatchObject([{ subject: early.subject, keepSession: null }]);
      const again = await feed.claimDue(at(20), at(40), ALL);
      expect(again).toMatchObject([{ subject: notice.subject, attempts: 0, version: 1n }]);
      await feed.complete(await feed.claimDue(at(40), at(CLAIMED), ALL), at(40));
      expect(await feed.claimDue(at(ALL), at(ALL), ALL)).toEqual([]);
    });

    test("the longest due go first and a full reconciliation's last, no more than asked for", async () => {
      const { feed } = await makeSubject();
      const at = feedEra();
      const notices = [9, 3, 6, 1, 5].map((seconds) => noticeOf({ notBefore: at(seconds) }));
      await feed.addNotices([noticeOf({ source: "full_reconciliation" }), ...notices], at(0));
      await feed.addNotices([noticeOf({ ...notices[4], source: "full_reconciliation" })], at(6));
      const claimed = await feed.claimDue(at(10), at(CLAIMED), 4);
      expect(claimed.map(({ subject }) => subject)).toEqual([3, 1, 4, 2].map((index) => notices[index]?.subject ?? ""));
      expect(await feed.claimDue(at(10), at(11), 1)).toMatchObject([{ subject: notices[0]?.subject }]);
      expect(await feed.claimDue(at(10), at(11), 1)).toMatchObject([{ source: "full_reconciliation" }]);
      await feed.complete([...claimed, ...(await feed.claimDue(at(11), at(CLAIMED), ALL))], at(11));
    });

    test("recorded again: one row, the newest change with its session, the earlier time; duplicates in a list are one", async () => {
      const { feed } = await makeSubject();
      const at = feedEra();
      const notice = noticeOf({ kind: "credentials", changedAt: at(-5), keepSession: "old", notBefore: at(9) });
      await feed.addNotices([notice, { ...notice, changedAt: at(-9), keepSession: "older", notBefore: at(8) }], at(0));
      await feed.addNotices([{ ...notice, changedAt: null, keepSession: "no time", notBefore: at(7) }], at(1));
      const merged = { version: 2n, changedAt: at(-5), keepSession: "old", createdAt: at(0) };
      expect(await feed.claimDue(at(6), at(7), ALL)).toEqual([]);
      expect(await feed.claimDue(at(7), at(8), ALL)).toMatchObject([merged]);
      await feed.addNotices([{ ...notice, changedAt: at(-1), keepSession: null, source: "user_events" }], at(2));
      const newest = { version: 3n, changedAt: at(-1), keepSession: null, source: "user_events" as const };
      const claimed = await feed.claimDue(at(8), at(CLAIMED), ALL);
      expect(claimed).toMatchObject([newest]);
      await feed.complete(claimed, at(8));
      await feed.addNotices([], at(9));
    });

    test("what is recorded while it is handled is not lost, and due at once", async () => {
      const { feed } = await makeSubject();
      const at = feedEra();
      const settle: ((notice: ChangeNotice) => Promise<void>)[] = [
        (notice) => feed.complete([notice], at(9)),
        (notice) => feed.scheduleSecondPass([notice], at(99)),
        (notice) => feed.postpone([notice], "keycloak.unavailable", at(99), true),
        (notice) => feed.moveToDeadLetters(notice, "user.name_collision", at(9)),
      ];
      for (const finish of settle) {
        const notice = noticeOf();
        await feed.addNotices([notice], at(0));
        const [claimed] = (await feed.claimDue(at(0), at(CLAIMED), ALL)) as [ChangeNotice];
        await feed.addNotices([notice], at(5));
        await finish(claimed);
        const [again] = (await feed.claimDue(at(5), at(CLAIMED), ALL)) as [ChangeNotice];
        expect(again).toMatchObject({ id: claimed.id, version: 2n, passes: 0, attempts: 0, lastError: null });
        await feed.complete([again], at(10));
      }
      expect(await feed.claimDue(at(ALL), at(ALL), ALL)).toEqual([]);
    });

    test("is checked once more at its time; recorded again, its passes begin anew", async () => {
      const { feed } = await makeSubject();
      const at = feedEra();
      const notice = noticeOf({ kind: "sessions" });
      await feed.addNotices([notice], at(0));
      await feed.scheduleSecondPass(await feed.claimDue(at(0), at(CLAIMED), ALL), at(6));
      expect(await feed.claimDue(at(5), at(6), ALL)).toEqual([]);
      expect(await feed.claimDue(at(6), at(7), ALL)).toMatchObject([{ passes: 1, attempts: 0 }]);
      await feed.addNotices([notice], at(6));
      const again = await feed.claimDue(at(6), at(CLAIMED), ALL);
      expect(again).toMatchObject([{ passes: 0, version: 2n, createdAt: at(6) }]);
      await feed.complete(again, at(7));
    });

    test("a failure is kept with the time of the next attempt; an outage is not its fault", async () => {
      const { feed } = await makeSubject();
      const at = feedEra();
      await feed.addNotices([noticeOf(), noticeOf()], at(0));
      await feed.postpone(await feed.claimDue(at(0), at(CLAIMED), ALL), "keycloak.unavailable", at(2), false);
      expect(await feed.claimDue(at(1), at(CLAIMED), ALL)).toEqual([]);
      const claimed = await feed.claimDue(at(2), at(CLAIMED), ALL);
      expect(claimed.map(({ attempts, lastError }) => [attempts, lastError])).toEqual([
        [0, "keycloak.unavailable"],
        [0, "keycloak.unavailable"],
      ]);
      await feed.postpone(claimed, "user.name_collision", at(4), true);
      const again = await feed.claimDue(at(4), at(CLAIMED), ALL);
      expect(again.map(({ attempts }) => attempts)).toEqual([1, 1]);
      await feed.complete(again, at(4));
      for (const none of [
        feed.complete([], at(5)),
        feed.scheduleSecondPass([], at(5)),
        feed.postpone([], "x", at(5), true),
      ])
        await none;
    });

    test("a dead letter is not due; it is listed, and comes back when replayed or recorded again", async () => {
      const { feed } = await makeSubject();
      const at = feedEra();
      const notices = Array.from({ length: 3 }, () => noticeOf());
      for (const notice of notices) await feed.addNotices([notice], at(0));
      const claimed = await feed.claimDue(at(0), at(CLAIMED), ALL);
      for (const notice of claimed) await feed.moveToDeadLetters(notice, "user.name_collision", at(1));
      const ids = claimed.map(({ id }) => id).toSorted((a, b) => Number(a - b));
      expect(await feed.claimDue(at(ALL), at(ALL), ALL)).toEqual([]);
      const dead = await feed.listDead();
      expect(dead.map(({ id }) => id)).toEqual(ids);
      expect(dead[0]).toMatchObject({ deadAt: at(1), lastError: "user.name_collision", attempts: 1 });
      expect((await feed.listDead({ limit: 1, after: ids[0] as bigint })).map(({ id }) => id)).toEqual(ids.slice(1, 2));
      expect(await feed.backlog()).toMatchObject({ dead: 3 });
      expect(await feed.replay(at(2), ids.slice(0, 1))).toBe(1);
      expect(await feed.replay(at(2), ids.slice(0, 1))).toBe(0);
      expect(await feed.replay(at(2), [])).toBe(0);
      expect(await feed.claimDue(at(2), at(CLAIMED), ALL)).toMatchObject([{ attempts: 0, deadAt: null }]);
      await feed.addNotices(notices, at(3));
      const revived = await feed.claimDue(at(3), at(CLAIMED), ALL);
      expect(revived.map(({ attempts, version, deadAt }) => [attempts, version, deadAt])).toEqual(
        notices.map(() => [0, 2n, null]),
      );
      for (const notice of revived) await feed.moveToDeadLetters(notice, "user.name_collision", at(4));
      expect(await feed.replay(at(5))).toBe(3);
      await feed.complete(revived, at(6));
      expect(await feed.listDead()).toEqual([]);
    });

    test("what waits is counted, with the oldest change that nobody has handled", async () => {
      const { feed } = await makeSubject();
      const at = feedEra();
      const before = await feed.backlog();
      await feed.addNotices([noticeOf({ changedAt: at(-3) }), noticeOf()], at(0));
      expect(await feed.backlog()).toEqual({ ...before, waiting: before.waiting + 2, oldestChangedAt: at(-3) });
      const claimed = await feed.claimDue(at(0), at(CLAIMED), ALL);
      expect(await feed.backlog()).toMatchObject({ oldestChangedAt: at(-3) });
      const [old, other] = claimed.toSorted((a) => (a.changedAt ? -1 : 1)) as [ChangeNotice, ChangeNotice];
      await feed.scheduleSecondPass([old], at(6));
      expect(await feed.backlog()).toMatchObject({ waiting: before.waiting + 2, oldestChangedAt: at(0) });
      await feed.complete([old, other], at(7));
      expect(await feed.backlog()).toEqual(before);
    });

    test("what is put off is counted by its reason, until it is handled or given up", async () => {
      const { feed } = await makeSubject();
      const at = feedEra();
      const [paused, other] = [fresh("paused"), fresh("other")];
      await feed.addNotices([noticeOf(), noticeOf(), noticeOf()], at(0));
      const [one, two, three] = (await feed.claimDue(at(0), at(CLAIMED), ALL)) as [
        ChangeNotice,
        ChangeNotice,
        ChangeNotice,
      ];
      await feed.postpone([one, two], paused, at(1), false);
      await feed.postpone([three], other, at(1), false);
      expect(await feed.countPostponed([paused])).toBe(2);
      expect(await feed.countPostponed([paused, other, fresh("none")])).toBe(3);
      expect(await feed.countPostponed([])).toBe(0);
      await feed.scheduleSecondPass([one], at(2));
      await feed.moveToDeadLetters(two, paused, at(2));
      expect(await feed.countPostponed([paused])).toBe(0);
      await feed.complete([one, three], at(3));
      await feed.replay(at(3), [two.id]);
      await feed.complete([two], at(3));
    });

    test("a full reconciliation begins with every user that is not deleted, and with sessions where there are live ones", async () => {
      const { feed, sessions, users } = await makeSubject();
      const at = feedEra();
      const [live, ended, gone] = [loginOf(), loginOf(), loginOf()];
      for (const login of [live, ended, gone]) await sessions.recordLogin(login);
      await sessions.end(ended.session.sessionId, "logout", at(0));
      await users.markDeleted(gone.profile.id, at(0));
      const count = await feed.addNoticesForAllUsers("full_reconciliation", at(0));
      await feed.addNoticesForAllUsers("full_reconciliation", at(0));
      const claimed = await feed.claimDue(at(0), at(CLAIMED), ALL);
      expect(claimed.filter(({ kind }) => kind === "user")).toHaveLength(count);
      const kinds = ({ profile }: typeof live) =>
        claimed.filter(({ subject }) => subject === profile.id).map(({ kind }) => kind);
      expect(kinds(live).toSorted()).toEqual(["sessions", "user"]);
      expect(kinds(ended)).toEqual(["user"]);
      expect(kinds(gone)).toEqual([]);
      await feed.complete(claimed, at(1));
      await feed.addNoticesForAllUsers("admin_events", at(2), "sessions");
      const again = await feed.claimDue(at(2), at(CLAIMED), ALL);
      expect(new Set(again.map(({ kind }) => kind))).toEqual(new Set(["sessions"]));
      expect(again.map(({ subject }) => subject)).toContain(live.profile.id);
      await feed.complete(again, at(3));
    });

    test("two who settle and record the same notices at once do not hold each other up", async () => {
      const { feed } = await makeSubject();
      const at = feedEra();
      const notices = Array.from({ length: 40 }, () => noticeOf());
      await feed.addNotices(notices, at(0));
      for (let round = 0; round < 5; round += 1) {
        const claimed = await feed.claimDue(at(0), at(CLAIMED), ALL);
        await Promise.all([
          feed.addNotices(notices.toReversed(), at(0)),
          feed.postpone(claimed.toReversed(), fresh("code"), at(0), false),
          feed.addNotices(notices, at(0)),
          feed.scheduleSecondPass(claimed, at(0)),
        ]);
      }
      const left = await feed.claimDue(at(0), at(CLAIMED), ALL);
      expect(left).toHaveLength(40);
      await feed.complete(left, at(0));
    });
  });
}
