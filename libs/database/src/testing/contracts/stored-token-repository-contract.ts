import { describe, expect, test } from "bun:test";
import type { StoredTokens } from "../../ports/stored-token-repository.ts";
import {
  type ContractSubject,
  fresh,
  LATER,
  LATEST,
  loginOf,
  type MakeSubject,
  NOW,
  tokensOf,
} from "./contract-subject.ts";

const sealed = (key: string, text: string) => `v1.${key}.${text.padEnd(2_000, "x")}`;

/** Sessions whose values are under a key, next to each other in the order of their ids. */
async function logIn({ sessions }: ContractSubject, prefix: string, key: string, count = 1): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, at) => `${prefix}-${key}-${at}`);
  for (const sessionId of ids) {
    const tokens = { accessToken: sealed(key, "a"), refreshToken: sealed(key, "r"), idToken: null };
    await sessions.recordLogin(loginOf({ session: { sessionId, ...tokens } }));
  }
  return ids;
}

const under = (stored: StoredTokens, key: string): StoredTokens => ({
  ...stored,
  accessToken: sealed(key, "a2"),
  refreshToken: sealed(key, "r2"),
});

/** What every StoredTokenRepository does. */
export function storedTokenRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: StoredTokenRepository`, () => {
    test("scans the sessions that hold tokens, page by page", async () => {
      const subject = await makeSubject();
      const prefix = fresh("scan");
      const ids = [...(await logIn(subject, prefix, "k1", 2)), ...(await logIn(subject, prefix, "k2", 2))];
      await subject.sessions.end(ids[1] ?? "", "logout", NOW);
      const first = await subject.storedTokens.scan(prefix, 2);
      expect(first).toEqual([
        { sessionId: ids[0] ?? "", keyIds: ["k1", "k1"] },
        { sessionId: ids[2] ?? "", keyIds: ["k2", "k2"] },
      ]);
      expect((await subject.storedTokens.scan(ids[2] ?? "", 1))[0]?.sessionId).toBe(ids[3]);
    });

    test("a sample has live sessions that hold tokens and are not over by their time", async () => {
      const subject = await makeSubject();
      const { sessions, storedTokens } = subject;
      const [left = "", ended = ""] = await logIn(subject, fresh("sample"), "k1", 2);
      await sessions.end(ended, "logout", NOW);
      const ids = async (from: string, limit: number, now = NOW) =>
        (await storedTokens.sample(from, limit, now)).map(({ sessionId }) => sessionId);
      const all = await ids("", 10_000);
      expect(all).toContain(left);
      expect(all).not.toContain(ended);
      const { userId } = (await sessions.findById(left)) ?? { userId: "" };
      expect(await ids(userId, 10_000)).toContain(left);
      // It goes on at the beginning.
      expect(await ids("zzzz", 10_000)).toContain(left);
      expect(await ids("", 1)).toHaveLength(1);
      expect(await ids("", 10_000, new Date(8.64e15))).not.toContain(left);
    });

    test("replaces values that are unchanged, and no others", async () => {
      const subject = await makeSubject();
      const { storedTokens, sessions } = subject;
      const [left, changed, ended] = await logIn(subject, fresh("replace"), "k1", 3);
      const before = await storedTokens.read([left ?? "", changed ?? "", ended ?? "", fresh("nobody")]);
      expect(before.map(({ sessionId }) => sessionId).sort()).toEqual([left ?? "", changed ?? "", ended ?? ""].sort());
      const session = await sessions.findById(changed ?? "");
      const refreshed = { accessToken: sealed("k1", "new"), refreshToken: sealed("k1", "new"), idToken: null };
      const times = { ...tokensOf("new"), refreshTokenHash: fresh("hash"), ...refreshed };
      await sessions.replaceTokens(changed ?? "", session?.refreshTokenHash ?? null, times, LATER);
      await sessions.end(ended ?? "", "logout", LATER);
      const changes = before.map((stored) => ({ before: stored, after: under(stored, "k2") }));
      expect(await storedTokens.replaceUnchanged(changes)).toEqual([left ?? ""]);
      expect(await sessions.findById(left ?? "")).toMatchObject({ accessToken: sealed("k2", "a2"), idToken: null });
      expect(await sessions.findById(changed ?? "")).toMatchObject(refreshed);
      expect(await storedTokens.read([ended ?? ""])).toEqual([]);
      expect(await storedTokens.replaceUnchanged(changes)).toEqual([]);
      expect(await storedTokens.replaceUnchanged([])).toEqual([]);
    });

    test("knows until when fingerprints under a key count", async () => {
      const { idempotency, storedTokens } = await makeSubject();
      const keyId = fresh("key");
      for (const expiresAt of [LATER, LATEST]) {
        const claim = { scope: fresh("scope"), key: fresh("key"), registrationId: fresh("registration") };
        await idempotency.claim({ ...claim, fingerprints: [`${keyId}:abc`], now: NOW, lockedUntil: LATER, expiresAt });
      }
      const found = async (now: Date) =>
        (await storedTokens.fingerprintKeys(now)).filter((entry) => entry.keyId === keyId);
      expect(await found(NOW)).toEqual([{ keyId, until: LATEST }]);
      expect(await found(LATEST)).toEqual([]);
    });
  });
}
