import { describe, expect, test } from "bun:test";
import { ForeignKeyViolationError, UniqueViolationError } from "@libs/postgres";
import { fresh, LATER, LATEST, loginOf, type MakeSubject, NOW, profileOf, tokensOf } from "./contract-subject.ts";
import { liveSessionsContract } from "./live-sessions-contract.ts";
import { sessionRefreshContract } from "./session-refresh-contract.ts";
import { sessionTokensContract } from "./session-tokens-contract.ts";

/** What every SessionRepository does. */
export function sessionRepositoryContract(name: string, makeSubject: MakeSubject): void {
  describe(`${name}: SessionRepository.recordLogin`, () => {
    test("a first login makes user, session and log row", async () => {
      const { users, sessions, activities } = await makeSubject();
      const login = loginOf();
      const { user, session } = await sessions.recordLogin(login);
      expect(user).toMatchObject({ ...login.profile, loginCount: 1, lastLoginAt: NOW, createdAt: NOW, storeId: null });
      expect(session).toEqual({
        ...login.session,
        userId: user.id,
        lastSeenAt: NOW,
        previousRefreshTokenHash: null,
        refreshedAt: null,
        keptAsOf: null,
        endedAt: null,
        endReason: null,
      });
      expect(await users.findById(user.id)).toEqual(user);
      expect(await sessions.findById(session.sessionId)).toEqual(session);
      const { ipAddress, userAgent } = session;
      const details = { sessionId: session.sessionId };
      expect(await activities.listByUser(user.id, 10)).toMatchObject([
        { type: "session.started", at: NOW, ipAddress, userAgent, details },
      ]);
    });

    test("a token set without refresh and id token is kept as it is", async () => {
      const { sessions } = await makeSubject();
      const none = { refreshToken: null, idToken: null, refreshTokenHash: null, refreshExpiresAt: null };
      const login = loginOf({ session: { ...none, ipAddress: null, userAgent: null } });
      await sessions.recordLogin(login);
      const { sessionId } = login.session;
      expect(await sessions.findById(sessionId)).toMatchObject({ ...none, ipAddress: null, userAgent: null });
      expect(await sessions.replaceTokens(sessionId, "something", tokensOf("no"), LATER)).toBeNull();
      expect(await sessions.replaceTokens(sessionId, null, tokensOf(sessionId), LATER)).toMatchObject({
        previousRefreshTokenHash: null,
        refreshTokenHash: `hash-${sessionId}`,
      });
    });

    test("a later login counts and adds a session; what Keycloak owns is not its to change", async () => {
      const { users, sessions } = await makeSubject();
      const first = loginOf();
      await sessions.recordLogin(first);
      const profile = profileOf({ id: first.profile.id, firstName: "Grace", enabled: false });
      const second = loginOf({ profile, now: LATER });
      const { user } = await sessions.recordLogin(second);
      expect(user).toMatchObject({ ...first.profile, loginCount: 2, lastLoginAt: LATER, updatedAt: LATER });
      expect(user).toMatchObject({ createdAt: NOW, syncedAt: NOW });
      expect(await users.findById(user.id)).toEqual(user);
      expect(await sessions.findById(first.session.sessionId)).toMatchObject({ endedAt: null });
      expect(await sessions.findById(second.session.sessionId)).toMatchObject({ endedAt: null });
    });

    test("only a login that brings a user, or brings it back, has it reconciled", async () => {
      const { users, sessions, feed } = await makeSubject();
      const login = loginOf();
      const { id } = login.profile;
      const again = () => sessions.recordLogin(loginOf({ profile: login.profile, now: LATER }));
      const waits = async () => {
        const due = await feed.claimDue(LATEST, LATEST, 100_000);
        const own = due.filter(({ subject }) => subject === id);
        await feed.complete(own, LATEST);
        return own.map(({ kind, source, changedAt }) => ({ kind, source, changedAt }));
      };
      const notice = { kind: "user", source: "login", changedAt: null } as const;
      await sessions.recordLogin(login);
      expect(await waits()).toEqual([notice]);
      await again();
      expect(await waits()).toEqual([]);
      await users.markDeleted(id, LATER);
      await again();
      expect(await waits()).toEqual([notice]);
    });

    test("the store is taken where the row has none, and never changed", async () => {
      const { sessions, addStore } = await makeSubject();
      const [first, second] = [fresh("store"), fresh("store")];
      await addStore(first);
      await addStore(second);
      const profile = profileOf();
      const login = async (storeId: string | null) =>
        (await sessions.recordLogin(loginOf({ profile, storeId }))).user.storeId;
      expect(await login(null)).toBeNull();
      expect(await login(first)).toBe(first);
      expect(await login(second)).toBe(first);
      expect(await login(null)).toBe(first);
    });

    test("a store that is not there is refused and nothing is written", async () => {
      const { users, sessions, activities } = await makeSubject();
      const login = loginOf({ storeId: fresh("no-store") });
      const refused = sessions.recordLogin(login);
      await expect(refused).rejects.toBeInstanceOf(ForeignKeyViolationError);
      await expect(refused).rejects.toMatchObject({ constraint: "users_store_id_fkey" });
      expect(await users.findById(login.profile.id)).toBeNull();
      expect(await sessions.findById(login.session.sessionId)).toBeNull();
      expect(await activities.listByUser(login.profile.id, 1)).toEqual([]);
    });

    test("another live user's name is refused to a new user or a tombstone, and nothing is written", async () => {
      const { users, sessions } = await makeSubject();
      const [holder, known] = [loginOf(), loginOf()];
      await sessions.recordLogin(holder);
      await sessions.recordLogin(known);
      const taken = (profile = profileOf()) =>
        loginOf({ profile: { ...profile, email: holder.profile.email }, now: LATER });
      const login = taken();
      await expect(sessions.recordLogin(login)).rejects.toMatchObject({ constraint: "users_email_key" });
      expect(await sessions.findById(login.session.sessionId)).toBeNull();
      expect(await users.findById(login.profile.id)).toBeNull();
      expect((await sessions.recordLogin(taken(known.profile))).user).toMatchObject({
        ...known.profile,
        loginCount: 2,
      });
      await users.markDeleted(known.profile.id, LATER);
      await expect(sessions.recordLogin(taken(known.profile))).rejects.toMatchObject({ constraint: "users_email_key" });
      expect(await users.findById(known.profile.id)).toMatchObject({ loginCount: 2, deletedAt: LATER });
    });

    test("one row per session id and per Keycloak session", async () => {
      const { users, sessions } = await makeSubject();
      const { session } = loginOf();
      await sessions.recordLogin(loginOf({ session }));
      const sameId = loginOf({ session: { sessionId: session.sessionId } });
      const sameSid = loginOf({ session: { keycloakSessionId: session.keycloakSessionId } });
      await expect(sessions.recordLogin(sameId)).rejects.toMatchObject({ constraint: "sessions_pkey" });
      await expect(sessions.recordLogin(sameSid)).rejects.toMatchObject({
        constraint: "sessions_keycloak_session_id_key",
      });
      await expect(sessions.recordLogin(sameSid)).rejects.toBeInstanceOf(UniqueViolationError);
      expect(await users.findById(sameSid.profile.id)).toBeNull();
    });

    test("a login revives a tombstone", async () => {
      const { users, sessions } = await makeSubject();
      const login = loginOf();
      await sessions.recordLogin(login);
      await users.markDeleted(login.profile.id, LATER);
      const { user } = await sessions.recordLogin(loginOf({ profile: login.profile, now: LATEST }));
      expect(user).toMatchObject({ deletedAt: null, loginCount: 2 });
      expect(await users.findByUsername(user.username)).toEqual(user);
    });

    test("parallel logins of one new user all count", async () => {
      const { users, sessions } = await makeSubject();
      const profile = profileOf();
      await Promise.all(Array.from({ length: 8 }, () => sessions.recordLogin(loginOf({ profile }))));
      expect(await users.findById(profile.id)).toMatchObject({ loginCount: 8 });
    });
  });

  sessionRefreshContract(name, makeSubject);
  sessionTokensContract(name, makeSubject);
  liveSessionsContract(name, makeSubject);
}
