import { describe, expect, test } from "bun:test";
import { fresh, LATER, LATEST, loginOf, type MakeSubject, tokensOf } from "./contract-subject.ts";

/** The part of the SessionRepository contract that is about tokens and ends. */
export function sessionTokensContract(name: string, makeSubject: MakeSubject): void {
  const live = async () => {
    const subject = await makeSubject();
    const login = loginOf();
    const { session } = await subject.sessions.recordLogin(login);
    return { ...subject, session, sessionId: session.sessionId, hash: session.refreshTokenHash as string };
  };

  describe(`${name}: SessionRepository.replaceTokens`, () => {
    test("stores the new set and remembers the replaced hash", async () => {
      const { sessions, session, sessionId, hash } = await live();
      const tokens = tokensOf(fresh("new"), { tokenExpiresAt: LATEST, refreshExpiresAt: null, idToken: null });
      const stored = await sessions.replaceTokens(sessionId, hash, tokens, LATER);
      const marks = { previousRefreshTokenHash: hash, refreshedAt: LATER, lastSeenAt: LATER };
      expect(stored).toEqual({ ...session, ...tokens, ...marks });
      expect(await sessions.findById(sessionId)).toEqual(stored);
    });

    test("distinguishes current, spent and unknown hashes, for as long as the row lives", async () => {
      const { sessions, session, sessionId, hash } = await live();
      const marks = [fresh("second"), fresh("third")] as const;
      await sessions.replaceTokens(sessionId, hash, tokensOf(marks[0]), LATER);
      const stored = await sessions.replaceTokens(sessionId, `hash-${marks[0]}`, tokensOf(marks[1]), LATEST);
      const standing = async (presented: string) => {
        const found = await sessions.findWithStanding(sessionId, presented);
        expect(found?.session.sessionId).toBe(session.sessionId);
        return { standing: found?.standing, spentAt: found?.spentAt };
      };
      const check = async () => {
        expect(await standing(hash)).toEqual({ standing: "spent", spentAt: LATER });
        expect(await standing(`hash-${marks[0]}`)).toEqual({ standing: "spent", spentAt: LATEST });
        expect(await standing(`hash-${marks[1]}`)).toEqual({ standing: "current", spentAt: null });
        expect(await standing("garbage")).toEqual({ standing: "unknown", spentAt: null });
      };
      await check();
      expect((await sessions.findWithStanding(sessionId, "garbage"))?.session).toEqual(stored as never);
      await sessions.end(sessionId, "logout", LATEST);
      await check();
      expect(await sessions.findWithStanding(fresh("nobody"), hash)).toBeNull();
    });

    test("a lost token in place of the current one: both are spent, and it is the previous one", async () => {
      const { sessions, sessionId, hash } = await live();
      const [mark, lostHash] = [fresh("healed"), fresh("lost")];
      const lost = { refreshTokenHash: lostHash, issuedAt: LATER };
      const fence = (await sessions.beginRefresh(sessionId, hash, 60_000))?.fence ?? 0n;
      const stored = await sessions.replaceTokens(sessionId, hash, tokensOf(mark), LATEST, fence, lost);
      expect(stored).toMatchObject({ refreshTokenHash: `hash-${mark}`, previousRefreshTokenHash: lostHash });
      expect(await sessions.findById(sessionId)).toEqual(stored);
      expect(await sessions.findWithStanding(sessionId, hash)).toMatchObject({ standing: "spent", spentAt: LATER });
      expect(await sessions.findWithStanding(sessionId, lostHash)).toMatchObject({
        standing: "spent",
        spentAt: LATEST,
      });
    });

    test("another session's hash is unknown here", async () => {
      const { sessions, sessionId } = await live();
      const other = await live();
      expect(await sessions.findWithStanding(sessionId, other.hash)).toMatchObject({ standing: "unknown" });
    });

    test("a second writer with the same expectation loses and writes nothing", async () => {
      const { sessions, sessionId, hash } = await live();
      const first = await sessions.replaceTokens(sessionId, hash, tokensOf(fresh("first")), LATER);
      expect(await sessions.replaceTokens(sessionId, hash, tokensOf(fresh("late")), LATEST)).toBeNull();
      expect(await sessions.replaceTokens(sessionId, null, tokensOf(fresh("late")), LATEST)).toBeNull();
      expect(await sessions.findById(sessionId)).toEqual(first);
    });

    test("of parallel writers exactly one wins", async () => {
      const { sessions, sessionId, hash } = await live();
      const won = await Promise.all(
        Array.from({ length: 8 }, () => sessions.replaceTokens(sessionId, hash, tokensOf(fresh("rival")), LATER)),
      );
      const winners = won.filter((session) => session !== null);
      expect(winners).toHaveLength(1);
      expect(await sessions.findById(sessionId)).toEqual(winners[0] as never);
    });

    test("a refresh token that was kept is not spent", async () => {
      const { sessions, sessionId, hash } = await live();
      await sessions.replaceTokens(sessionId, hash, tokensOf(fresh("kept"), { refreshTokenHash: hash }), LATER);
      expect(await sessions.findWithStanding(sessionId, hash)).toMatchObject({ standing: "current" });
      await sessions.replaceTokens(sessionId, hash, tokensOf(fresh("next")), LATEST);
      expect(await sessions.findWithStanding(sessionId, hash)).toMatchObject({ standing: "spent", spentAt: LATEST });
    });

    test("an ended or unknown session takes no tokens", async () => {
      const { sessions, sessionId, hash } = await live();
      await sessions.end(sessionId, "logout", LATER);
      expect(await sessions.replaceTokens(sessionId, hash, tokensOf(fresh("late")), LATEST)).toBeNull();
      expect(await sessions.replaceTokens(fresh("nobody"), hash, tokensOf(fresh("late")), LATEST)).toBeNull();
      expect(await sessions.findById(sessionId)).toMatchObject({ accessToken: "", refreshTokenHash: hash });
    });
  });

  describe(`${name}: SessionRepository.end`, () => {
    test("hands back the tokens, erases them in the row, and logs", async () => {
      const { sessions, activities, session, sessionId } = await live();
      expect(await sessions.end(sessionId, "refresh_token_reuse", LATER)).toEqual(session);
      expect(await sessions.findById(sessionId)).toEqual({
        ...session,
        accessToken: "",
        refreshToken: null,
        idToken: null,
        lastSeenAt: LATER,
        endedAt: LATER,
        endReason: "refresh_token_reuse",
      });
      const { ipAddress, userAgent } = session;
      const details = { sessionId, reason: "refresh_token_reuse" };
      expect((await activities.listByUser(session.userId, 10))[0]).toMatchObject({
        type: "session.ended",
        at: LATER,
        ipAddress,
        userAgent,
        details,
      });
    });

    test("ends once: later and unknown calls get null and log nothing", async () => {
      const { sessions, activities, session, sessionId } = await live();
      const ends = await Promise.all(Array.from({ length: 4 }, () => sessions.end(sessionId, "logout", LATER)));
      expect(ends.filter((ended) => ended !== null)).toHaveLength(1);
      expect(await sessions.end(sessionId, "admin", LATEST)).toBeNull();
      expect(await sessions.end(fresh("nobody"), "logout", LATER)).toBeNull();
      expect(await sessions.findById(sessionId)).toMatchObject({ endReason: "logout", endedAt: LATER });
      const logged = await activities.listByUser(session.userId, 10);
      expect(logged.filter(({ type }) => type === "session.ended")).toHaveLength(1);
    });

    test("racing a refresh, it hands back the newest tokens or makes the refresh lose", async () => {
      for (let round = 0; round < 10; round++) {
        const { sessions, sessionId, hash } = await live();
        const tokens = tokensOf(fresh("race"));
        const [replaced, ended] = await Promise.all([
          sessions.replaceTokens(sessionId, hash, tokens, LATER),
          sessions.end(sessionId, "logout", LATER),
        ]);
        expect(ended?.refreshTokenHash).toBe(replaced ? tokens.refreshTokenHash : hash);
        expect(await sessions.findById(sessionId)).toMatchObject({
          accessToken: "",
          endedAt: LATER,
          endReason: "logout",
        });
      }
    });
  });
}
