import { describe, expect, test } from "bun:test";
import type { IdempotencyClaim } from "../../ports/idempotency-repository.ts";
import { fresh, LATER, LATEST, type MakeSubject, NOW } from "./contract-subject.ts";

const seconds = (count: number) => new Date(NOW.getTime() + count * 1000);

function claimOf(change: Partial<IdempotencyClaim> = {}): IdempotencyClaim {
  const times = { now: NOW, lockedUntil: seconds(20), expiresAt: LATEST };
  const registrationId = fresh("registration");
  return { scope: "test", key: fresh("key"), fingerprints: ["k1:same"], registrationId, ...times, ...change };
}

/** What every IdempotencyRepository does. */
export function idempotencyRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: IdempotencyRepository`, () => {
    test("of parallel claims one gets the key, the others learn that it is in flight", async () => {
      const { idempotency } = await makeSubject();
      const claim = claimOf();
      const all = await Promise.all(
        Array.from({ length: 6 }, () => idempotency.claim({ ...claim, registrationId: fresh("registration") })),
      );
      expect(all.filter(({ state }) => state === "claimed")).toEqual([{ state: "claimed", earlier: null }]);
      expect(all.filter(({ state }) => state === "in_flight")).toHaveLength(5);
    });

    test("a kept answer is given again, and to the same request alone", async () => {
      const { idempotency } = await makeSubject();
      const claim = claimOf();
      await idempotency.claim(claim);
      const kept = { status: 201, answer: { userId: "u1", at: "2026-01-01", list: [1, null] } };
      expect(await idempotency.keep(claim, kept)).toBe(true);
      expect(await idempotency.keep(claim, { status: 409, answer: {} })).toBe(false);
      const repeat = { ...claim, now: LATER, fingerprints: ["k2:other-key", "k1:same"] as const };
      expect(await idempotency.claim(repeat)).toEqual({ state: "answered", ...kept });
      expect(await idempotency.claim({ ...claim, fingerprints: ["k1:other"] })).toEqual({ state: "reused" });
      expect(await idempotency.claim({ ...claim, scope: fresh("scope") })).toMatchObject({ state: "claimed" });
    });

    test("a released key is free for the same request, which learns of the earlier attempt", async () => {
      const { idempotency } = await makeSubject();
      const claim = claimOf();
      await idempotency.claim(claim);
      await idempotency.release(claim, seconds(1));
      const next = claimOf({ ...claim, now: seconds(1), lockedUntil: seconds(30), registrationId: fresh("second") });
      expect(await idempotency.claim({ ...next, fingerprints: ["k1:other"] })).toEqual({ state: "reused" });
      expect(await idempotency.claim(next)).toEqual({ state: "claimed", earlier: claim.registrationId });
      expect(await idempotency.attach(next, next.registrationId)).toBe(true);
      await idempotency.release(next, seconds(2));
      const third = { ...claim, now: seconds(2), lockedUntil: seconds(40), registrationId: fresh("third") };
      expect(await idempotency.claim(third)).toEqual({ state: "claimed", earlier: next.registrationId });
    });

    test("the lock of a holder that died ends; it can't write any more", async () => {
      const { idempotency } = await makeSubject();
      const claim = claimOf();
      await idempotency.claim(claim);
      const early = { ...claim, now: seconds(19), lockedUntil: seconds(50), registrationId: fresh("early") };
      expect(await idempotency.claim(early)).toEqual({ state: "in_flight" });
      const next = { ...early, now: seconds(20) };
      expect(await idempotency.claim(next)).toEqual({ state: "claimed", earlier: claim.registrationId });
      expect(await idempotency.keep(claim, { status: 201, answer: {} })).toBe(false);
      expect(await idempotency.attach(claim, "late")).toBe(false);
      await idempotency.release(claim, seconds(21));
      expect(await idempotency.claim({ ...next, now: seconds(22) })).toEqual({ state: "in_flight" });
    });

    test("an expired key is new, whatever it held", async () => {
      const { idempotency } = await makeSubject();
      const claim = claimOf({ expiresAt: seconds(60) });
      await idempotency.claim(claim);
      await idempotency.keep(claim, { status: 201, answer: {} });
      const times = { now: seconds(60), lockedUntil: seconds(80), expiresAt: LATEST };
      const next = { ...claim, ...times, fingerprints: ["k1:other"] as const, registrationId: fresh("second") };
      expect(await idempotency.claim(next)).toEqual({ state: "claimed", earlier: null });
      expect(await idempotency.claim({ ...next, fingerprints: ["k1:same"] })).toEqual({ state: "reused" });
    });
  });
}
