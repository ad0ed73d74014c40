import { describe, expect, test } from "bun:test";
import { failure } from "@libs/problems/testing";
import type { NewKeycloakUser } from "../../ports/ports.ts";
import { type KeycloakRealmUnderTest, newUser } from "./keycloak-realm-under-test.ts";

/** What every {@link TokenClient} does. @param realm gives the realm to run on, once it is up */
export function tokenClientContract(name: string, realm: () => Promise<KeycloakRealmUnderTest>): void {
  /** A realm with one more user, and what that user logs in with. */
  async function withUser(changes: Partial<NewKeycloakUser> = {}) {
    const { users, tokens } = await realm();
    const user = newUser(changes);
    const id = await users.createUser(user);
    return { users, tokens, user, id, credentials: { username: user.username, password: user.password } };
  }

  describe(`${name}: tokens`, () => {
    test("a login opens a session that carries the person's address", async () => {
      const { users, tokens, user, id, credentials } = await withUser();
      const from = Date.now();
      const set = await tokens.passwordGrant({ ...credentials, ipAddress: "203.0.113.9", userAgent: "contract/1.0" });
      expect(set).toMatchObject({ token_type: "Bearer", expires_in: expect.any(Number) });
      expect(set.id_token).toBeString();
      expect(set.refresh_expires_in).toBeGreaterThan(0);
      const [session, ...others] = await users.listSessions(id);
      expect(others).toEqual([]);
      expect(session).toMatchObject({
        id: set.session_state,
        userId: id,
        username: user.username,
        ipAddress: "203.0.113.9",
      });
      expect(Math.abs(from - (session?.start.getTime() ?? 0))).toBeLessThan(10_000);
    });

    test("the email logs in too, and letter case does not count", async () => {
      const { tokens, user } = await withUser();
      await tokens.passwordGrant({ username: user.email.toUpperCase(), password: user.password });
      await tokens.passwordGrant({ username: user.username.toUpperCase(), password: user.password });
    });

    test("each login is a session of its own", async () => {
      const { users, tokens, id, credentials } = await withUser();
      const [a, b] = [await tokens.passwordGrant(credentials), await tokens.passwordGrant(credentials)];
      expect(a.session_state).not.toBe(b.session_state);
      expect(await users.listSessions(id)).toHaveLength(2);
    });

    test("wrong password, unknown user, empty name and disabled user are one error", async () => {
      const { tokens, credentials } = await withUser();
      const disabled = await withUser({ enabled: false });
      const wrong = [
        { ...credentials, password: "wrong" },
        { username: "nobody-at-all", password: "wrong" },
        { username: "", password: "wrong" },
        disabled.credentials,
      ];
      for (const attempt of wrong) {
        const error = await failure(tokens.passwordGrant(attempt), "auth.invalid_credentials");
        expect(error.actionUrl).toBeUndefined();
        expect(JSON.stringify([error, error.internal])).not.toContain(attempt.password);
      }
    });

    test("two failures within a second lock the user, whose right password then fails alike", async () => {
      const { tokens, credentials } = await withUser();
      const wrong = { ...credentials, password: "wrong" };
      await Promise.allSettled([tokens.passwordGrant(wrong), tokens.passwordGrant(wrong)]);
      await failure(tokens.passwordGrant(wrong), "auth.invalid_credentials");
      await failure(tokens.passwordGrant(credentials), "auth.invalid_credentials");
    });

    test("an unfinished profile needs an action, at an address that is given", async () => {
      const { tokens, credentials } = await withUser({ firstName: " " });
      const error = await failure(tokens.passwordGrant(credentials), "auth.action_required");
      expect(error.actionUrl).toEndWith("/account");
    });

    test("a refresh gives new tokens of the same session; earlier refresh tokens stay good", async () => {
      const { users, tokens, id, credentials } = await withUser();
      const first = await tokens.passwordGrant(credentials);
      const second = await tokens.refresh(first.refresh_token, { ipAddress: "203.0.113.9" });
      expect(second.session_state).toBe(first.session_state);
      expect(second.access_token).not.toBe(first.access_token);
      expect(second.refresh_token).not.toBe(first.refresh_token);
      expect(second.id_token).toBeString();
      await tokens.refresh(first.refresh_token);
      expect(await users.listSessions(id)).toHaveLength(1);
    });

    test("garbage, another kind of token and an empty one are refused for good", async () => {
      const { tokens, credentials } = await withUser();
      const { access_token } = await tokens.passwordGrant(credentials);
      for (const token of ["", "garbage", "a.b.c", access_token, "x".repeat(25_000)]) {
        await failure(tokens.refresh(token), "session.refused");
      }
    });

    test("a logout ends the session, once and again; garbage counts as logged out", async () => {
      const { users, tokens, id, credentials } = await withUser();
      const set = await tokens.passwordGrant(credentials);
      const other = await tokens.passwordGrant(credentials);
      await tokens.logout(set.refresh_token);
      await tokens.logout(set.refresh_token);
      for (const garbage of ["", "garbage", "x".repeat(25_000)]) await tokens.logout(garbage);
      await failure(tokens.refresh(set.refresh_token), "session.refused");
      expect((await users.listSessions(id)).map((session) => session.id)).toEqual([other.session_state]);
    });

    test("a replaced refresh token still logs its session out", async () => {
      const { users, tokens, id, credentials } = await withUser();
      const first = await tokens.passwordGrant(credentials);
      await tokens.refresh(first.refresh_token);
      await tokens.logout(first.refresh_token);
      expect(await users.listSessions(id)).toEqual([]);
    });

    test("a session that an administrator deletes is over", async () => {
      const { users, tokens, credentials } = await withUser();
      const set = await tokens.passwordGrant(credentials);
      expect(await users.deleteSession(set.session_state)).toBe(true);
      expect(await users.deleteSession(set.session_state)).toBe(false);
      await failure(tokens.refresh(set.refresh_token), "session.refused");
    });

    test("disabling refuses the refresh but keeps the session; deleting ends it", async () => {
      const { users, tokens, id, credentials } = await withUser();
      const set = await tokens.passwordGrant(credentials);
      await users.updateUser(id, { enabled: false });
      await failure(tokens.refresh(set.refresh_token), "session.refused");
      await users.updateUser(id, { enabled: true });
      await tokens.refresh(set.refresh_token);
      await users.deleteUser(id);
      await failure(tokens.refresh(set.refresh_token), "session.refused");
      await tokens.logout(set.refresh_token);
      await failure(tokens.passwordGrant(credentials), "auth.invalid_credentials");
    });
  });
}
