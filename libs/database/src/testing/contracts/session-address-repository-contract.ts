import { describe, expect, test } from "bun:test";
import { type ContractSubject, fresh, LATER, loginOf, type MakeSubject, NOW } from "./contract-subject.ts";

const BEFORE_ALL = new Date(0);

/** What every SessionAddressRepository does. */
export function sessionAddressRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: SessionAddressRepository`, () => {
    const begin = async ({ sessions }: ContractSubject, ipAddress: string | null) => {
      const login = loginOf({ session: { sessionId: fresh("address"), ipAddress } });
      await sessions.recordLogin(login);
      return { sessionId: login.session.sessionId, userId: login.profile.id };
    };

    test("samples live sessions whose address is known", async () => {
      const subject = await makeSubject();
      const [here, unknown, ended] = [
        await begin(subject, "203.0.113.7"),
        await begin(subject, null),
        await begin(subject, "203.0.113.8"),
      ];
      await subject.sessions.end(ended.sessionId, "logout", NOW);
      const sample = (from: string, limit = 10_000, since = BEFORE_ALL) =>
        subject.sessionAddresses.sample(from, limit, since);
      const all = await sample("");
      expect(all).toContainEqual({ userId: here.userId, ipAddress: "203.0.113.7" });
      for (const { userId } of [unknown, ended]) expect(all.map((one) => one.userId)).not.toContain(userId);
      // It goes on at the beginning.
      expect(await sample("zzzz")).toContainEqual({ userId: here.userId, ipAddress: "203.0.113.7" });
      expect(await sample(here.userId, 1)).toEqual([{ userId: here.userId, ipAddress: "203.0.113.7" }]);
      expect((await sample("", 10_000, LATER)).map(({ userId }) => userId)).not.toContain(here.userId);
    });
  });
}
