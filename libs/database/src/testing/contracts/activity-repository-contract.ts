import { describe, expect, test } from "bun:test";
import type { Activity } from "../../ports/activity-repository.ts";
import { fresh, LATER, LATEST, type MakeSubject, NOW, profileOf, writeUser } from "./contract-subject.ts";

/** What every ActivityRepository does. */
export function activityRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: ActivityRepository`, () => {
    const activityOf = (change: Partial<Omit<Activity, "id">>): Omit<Activity, "id"> => ({
      userId: null,
      type: "login.failed",
      at: NOW,
      ipAddress: null,
      userAgent: null,
      details: {},
      ...change,
    });

    test("lists a user's newest first, up to the limit", async () => {
      const { activities } = await makeSubject();
      const userId = fresh("user");
      const details = { code: "auth.invalid_credentials", nested: { a: [1, "two", null] } };
      const middle = activityOf({ userId, at: LATER, ipAddress: "192.0.2.1", userAgent: "agent", details });
      await activities.append(middle);
      await activities.append(activityOf({ userId, at: LATEST }));
      await activities.append(activityOf({ userId, at: NOW }));
      await activities.append(activityOf({ userId: fresh("other"), at: LATEST }));
      const all = await activities.listByUser(userId, 10);
      expect(all.map(({ at }) => at)).toEqual([LATEST, LATER, NOW]);
      expect(all[1]).toEqual({ ...middle, id: expect.any(String) });
      expect(await activities.listByUser(userId, 2)).toEqual(all.slice(0, 2));
    });

    test("rows of one moment come in the order of writing, newest first", async () => {
      const { activities } = await makeSubject();
      const userId = fresh("user");
      for (const n of [1, 2, 3]) await activities.append(activityOf({ userId, details: { n } }));
      expect((await activities.listByUser(userId, 10)).map(({ details }) => details.n)).toEqual([3, 2, 1]);
    });

    test("goes on behind a row, over rows of one moment too", async () => {
      const { activities } = await makeSubject();
      const userId = fresh("user");
      for (const [n, at] of [NOW, LATER, LATER, LATER, LATEST].entries())
        await activities.append(activityOf({ userId, at, details: { n } }));
      const all = await activities.listByUser(userId, 10);
      const seen = [];
      for (let page = await activities.listByUser(userId, 2); page.length > 0; ) {
        seen.push(...page);
        page = await activities.listByUser(userId, 2, page.at(-1));
      }
      expect(seen).toEqual(all);
    });

    test("logs a failed login for the user who was meant; what nobody is called is not kept", async () => {
      const subject = await makeSubject();
      const { activities } = subject;
      const profile = profileOf();
      await writeUser(subject, profile, NOW);
      const from = { at: NOW, ipAddress: "192.0.2.1", userAgent: "agent" };
      const reason = "auth.invalid_credentials";
      const names = [profile.username.toUpperCase(), profile.email?.toUpperCase() ?? "", fresh("Secret")];
      for (const name of names) await activities.appendFailedLogin({ ...from, name, reason });
      const logged = await activities.listByUser(profile.id, 10);
      expect(logged).toHaveLength(2);
      const row = { id: expect.any(String), userId: profile.id, type: "login.failed" } as const;
      expect(logged[0]).toEqual({ ...row, ...from, details: { reason } });
    });

    test("takes a row of nobody", async () => {
      const { activities } = await makeSubject();
      await activities.append(activityOf({}));
      expect(await activities.listByUser(fresh("nobody"), 10)).toEqual([]);
    });
  });
}
