import { describe, expect, test } from "bun:test";
import { fresh, loginOf, type MakeSubject, NOW, profileOf, tokensOf } from "./contract-subject.ts";

/** Far before the rows of other tests, which share the database. */
const at = (day: number) => new Date(Date.UTC(1999, 0, day));

/** What every RetentionRepository does. */
export function retentionRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: RetentionRepository`, () => {
    test("removes finished registrations by age, in batches; what is open, checked or parked stays", async () => {
      const { registrations, retention } = await makeSubject();
      const begin = async (state: string) => {
        const profile = { firstName: "A", lastName: "B", emailVerified: false, enabled: true };
        const [id, now] = [fresh(state), at(1)];
        await registrations.begin({
          id,
          username: id,
          email: `${id}@example.test`,
          idempotencyKey: null,
          now,
          recoverAt: NOW,
          lostUntil: NOW,
          profile: { ...profile, storeId: null, organizationId: null, metadata: {} },
        });
        return id;
      };
      const ids = await Promise.all(["completed", "failed", "undone", "checked", "parked", "open"].map(begin));
      const [completed = "", failed = "", undone = "", checked = "", parked = "", open = ""] = ids;
      await registrations.complete(completed, profileOf({ username: completed, email: null }), at(1));
      await registrations.fail(failed, "test", at(1));
      for (const [id, again] of [
        [undone, null],
        [checked, NOW],
        [parked, null],
      ] as const) {
        await registrations.beginUndo(id, null, "test", at(1), NOW);
        await registrations.finishUndo(id, at(1), again);
      }
      await registrations.park(parked, "test", at(1));
      expect(await retention.deleteFinishedRegistrations(at(1), 10)).toBe(0);
      expect(await retention.deleteFinishedRegistrations(at(2), 2)).toBe(2);
      expect(await retention.deleteFinishedRegistrations(at(2), 2)).toBe(1);
      const left = await Promise.all(
        [completed, failed, undone, checked, parked, open].map((id) => registrations.findById(id)),
      );
      expect(left.map((row) => row?.id ?? null)).toEqual([null, null, null, checked, parked, open]);
      for (const id of [checked, parked]) await registrations.settle(id, NOW);
      await registrations.fail(open, "test", NOW);
    });

    test("removes ended sessions by age, with their spent hashes; live ones stay", async () => {
      const { sessions, retention } = await makeSubject();
      const [ended, live] = [loginOf({ now: at(1) }), loginOf({ now: at(1) })];
      for (const login of [ended, live]) await sessions.recordLogin(login);
      await sessions.end(ended.session.sessionId, "logout", at(1));
      expect(await retention.deleteEndedSessions(at(1), 10)).toBe(0);
      expect(await retention.deleteEndedSessions(at(2), 10)).toBe(1);
      expect(await sessions.findById(ended.session.sessionId)).toBeNull();
      expect(await sessions.findById(live.session.sessionId)).not.toBeNull();
    });

    test("a session with more hashes than a batch takes goes in several, hashes first", async () => {
      const { sessions, retention } = await makeSubject();
      const { session } = await sessions.recordLogin(loginOf({ now: at(1) }));
      const { sessionId } = session;
      let hash = session.refreshTokenHash;
      for (const mark of [1, 2, 3, 4, 5].map((n) => fresh(`spent-${n}`)))
        hash = (await sessions.replaceTokens(sessionId, hash, tokensOf(mark), at(1)))?.refreshTokenHash ?? null;
      await sessions.end(sessionId, "logout", at(1));
      const removed = async () => [
        await retention.deleteEndedSessions(at(2), 2),
        (await sessions.findById(sessionId)) !== null,
      ];
      expect([await removed(), await removed(), await removed()]).toEqual([
        [2, true],
        [2, true],
        [2, false],
      ]);
      expect(await retention.deleteEndedSessions(at(2), 2)).toBe(0);
    });

    test("removes idempotency keys when they have expired", async () => {
      const { idempotency, retention } = await makeSubject();
      const claim = {
        scope: "test",
        key: fresh("key"),
        fingerprints: ["k1:a"] as const,
        registrationId: "r",
        now: at(1),
        lockedUntil: at(1),
        expiresAt: at(2),
      };
      await idempotency.claim(claim);
      expect(await retention.deleteExpiredIdempotencyKeys(at(2), 10)).toBe(0);
      expect(await retention.deleteExpiredIdempotencyKeys(at(3), 10)).toBe(1);
    });

    test("removes rate limits when their window has ended, in batches; what runs or has no end stays", async () => {
      const subject = await makeSubject();
      const keys = ["first", "second", "running", "endless"].map(fresh);
      const [, , running = "", endless = ""] = keys;
      const ends = [at(1), at(2), at(4), null];
      for (const [index, key] of keys.entries()) await subject.addRateLimit(key, ends[index] ?? null);
      const left = async () => (await subject.limitKeys()).filter((key) => keys.includes(key)).toSorted();
      expect(await subject.retention.deleteExpiredRateLimits(at(1), 10)).toBe(0);
      expect(await subject.retention.deleteExpiredRateLimits(at(3), 1)).toBe(1);
      expect(await left()).toHaveLength(3);
      expect(await subject.retention.deleteExpiredRateLimits(at(3), 10)).toBe(1);
      expect(await left()).toEqual([running, endless].toSorted());
      expect(await subject.retention.deleteExpiredRateLimits(at(4), 10)).toBe(0);
      expect(await subject.retention.deleteExpiredRateLimits(at(5), 10)).toBe(1);
      expect(await subject.retention.deleteExpiredRateLimits(new Date("2999-01-01"), 10)).toBe(0);
      expect(await left()).toEqual([endless]);
    });

    test("removes activities by age, in batches", async () => {
      const { activities, retention } = await makeSubject();
      const userId = fresh("user");
      const from = { ipAddress: null, userAgent: null, details: {} };
      for (const day of [1, 2, 3])
        await activities.append({ userId, type: "login.failed", at: new Date(Date.UTC(1997, 0, day)), ...from });
      expect(await retention.deleteOldActivities(new Date(Date.UTC(1997, 0, 1)), 10)).toBe(0);
      expect(await retention.deleteOldActivities(new Date(Date.UTC(1997, 0, 3)), 1)).toBe(1);
      expect(await retention.deleteOldActivities(new Date(Date.UTC(1997, 0, 3)), 10)).toBe(1);
      expect(await activities.listByUser(userId, 10)).toHaveLength(1);
    });

    test("removes login locks that anybody may take, in batches; one that is taken stays", async () => {
      const subject = await makeSubject();
      const [taken = "", ...over] = ["taken", "over", "over", "over"].map(fresh);
      await subject.addLoginLock(taken, new Date(Date.now() + 3_600_000));
      for (const key of over) await subject.addLoginLock(key, at(1));
      expect(await subject.retention.deleteExpiredLoginLocks(2)).toBe(2);
      expect(await subject.retention.deleteExpiredLoginLocks(2)).toBe(1);
      expect(await subject.retention.deleteExpiredLoginLocks(2)).toBe(0);
      expect((await subject.limitKeys()).filter((key) => [taken, ...over].includes(key))).toEqual([taken]);
    });
  });
}
