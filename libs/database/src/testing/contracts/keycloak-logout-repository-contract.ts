import { describe, expect, test } from "bun:test";
import type { NewKeycloakLogout } from "../../ports/keycloak-logout-repository.ts";
import { fresh, type MakeSubject } from "./contract-subject.ts";

const DAY = 86_400_000;

/** What every KeycloakLogoutRepository does. Tests share the table, so each works in a time of its own. */
export function keycloakLogoutRepositoryContract(name: string, makeSubject: MakeSubject): void {
  let days = 0;
  const era = () => {
    days -= 10;
    const start = Date.parse("2020-01-01T00:00:00.123Z") + days * DAY;
    return (seconds: number) => new Date(start + seconds * 1000);
  };
  const logoutAt = (at: (seconds: number) => Date, change: Partial<NewKeycloakLogout> = {}): NewKeycloakLogout => ({
    keycloakSessionId: fresh("sid"),
    userId: fresh("user"),
    reason: "logout",
    nextAttemptAt: at(5),
    createdAt: at(0),
    expiresAt: at(3600),
    ...change,
  });

  describe(`${name}: KeycloakLogoutRepository`, () => {
    test("a logout is due at its time, for one caller alone, and again when that one's claim is over", async () => {
      const { keycloakLogouts } = await makeSubject();
      const at = era();
      const logout = logoutAt(at);
      await keycloakLogouts.add([logout, logout]);
      expect(await keycloakLogouts.claimDue(at(4), at(20), 10)).toEqual([]);
      const claims = await Promise.all(Array.from({ length: 4 }, () => keycloakLogouts.claimDue(at(5), at(20), 10)));
      expect(claims.flat()).toEqual([{ ...logout, nextAttemptAt: at(20), attempts: 1, lastError: null }]);
      expect(await keycloakLogouts.claimDue(at(19), at(30), 10)).toEqual([]);
      expect(await keycloakLogouts.claimDue(at(20), at(30), 10)).toMatchObject([{ attempts: 2 }]);
      expect(await keycloakLogouts.remove(logout.keycloakSessionId)).toBe(true);
      expect(await keycloakLogouts.remove(logout.keycloakSessionId)).toBe(false);
    });

    test("a failure is kept with the time of the next attempt; adding it again changes nothing", async () => {
      const { keycloakLogouts } = await makeSubject();
      const at = era();
      const logout = logoutAt(at);
      await keycloakLogouts.add([logout]);
      const { keycloakSessionId } = logout;
      await keycloakLogouts.recordFailures([
        { keycloakSessionId, error: "keycloak.unavailable", nextAttemptAt: at(9) },
        { keycloakSessionId: fresh("sid"), error: "keycloak.timeout", nextAttemptAt: at(8) },
      ]);
      await keycloakLogouts.recordFailures([]);
      await keycloakLogouts.add([logout]);
      expect(await keycloakLogouts.claimDue(at(8), at(60), 10)).toEqual([]);
      expect(await keycloakLogouts.claimDue(at(9), at(60), 10)).toMatchObject([{ lastError: "keycloak.unavailable" }]);
      await keycloakLogouts.remove(logout.keycloakSessionId);
    });

    test("the oldest go first, no more than asked for", async () => {
      const { keycloakLogouts } = await makeSubject();
      const at = era();
      const [late, early] = [logoutAt(at, { nextAttemptAt: at(9) }), logoutAt(at, { nextAttemptAt: at(3) })];
      await keycloakLogouts.add([late, early]);
      expect(await keycloakLogouts.claimDue(at(10), at(60), 1)).toMatchObject([
        { keycloakSessionId: early.keycloakSessionId },
      ]);
      await keycloakLogouts.removeAll([late, early].map(({ keycloakSessionId }) => keycloakSessionId));
      await keycloakLogouts.removeAll([]);
      expect(await keycloakLogouts.claimDue(at(60), at(70), 10)).toEqual([]);
    });

    test("what waits is counted, with its oldest, until it expires", async () => {
      const { keycloakLogouts } = await makeSubject();
      const at = era();
      const before = await keycloakLogouts.countWaiting();
      await keycloakLogouts.add([logoutAt(at), logoutAt(at, { createdAt: at(-60), expiresAt: at(7200) })]);
      expect(await keycloakLogouts.countWaiting()).toEqual({ count: before.count + 2, oldestCreatedAt: at(-60) });
      expect(await keycloakLogouts.removeExpired(at(3599), 10)).toEqual([]);
      expect(await keycloakLogouts.removeExpired(at(3600), 10)).toHaveLength(1);
      expect(await keycloakLogouts.removeExpired(at(7200), 10)).toHaveLength(1);
      await keycloakLogouts.add([logoutAt(at), logoutAt(at)]);
      expect(await keycloakLogouts.removeExpired(at(3600), 1)).toHaveLength(1);
      expect(await keycloakLogouts.removeExpired(at(3600), 1)).toHaveLength(1);
      expect(await keycloakLogouts.countWaiting()).toEqual(before);
      await keycloakLogouts.add([]);
    });
  });
}
