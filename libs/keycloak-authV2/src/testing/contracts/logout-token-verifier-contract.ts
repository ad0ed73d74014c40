import { describe, expect, test } from "bun:test";
import { failure } from "@libs/problems/testing";
import type { LogoutTokenVerifier } from "../../ports/ports.ts";
import { type KeycloakRealmUnderTest, newUser } from "./keycloak-realm-under-test.ts";

export interface LogoutTokensUnderTest extends KeycloakRealmUnderTest {
  logoutTokens: LogoutTokenVerifier;
  /** Ends a session, and gives what the realm sends to the gateway's back channel. */
  endSession(sessionId: string, userId: string): Promise<string>;
}

/** What every {@link LogoutTokenVerifier} does. @param realm gives the realm to run on, once it is up */
export function logoutTokenVerifierContract(name: string, realm: () => Promise<LogoutTokensUnderTest>): void {
  async function ended() {
    const { users, tokens, logoutTokens, endSession } = await realm();
    const user = newUser();
    const userId = await users.createUser(user);
    const set = await tokens.passwordGrant(user);
    const token = await endSession(set.session_state, userId);
    return { logoutTokens, userId, set, token };
  }

  describe(`${name}: logout tokens`, () => {
    test("one that the realm sends names who and which session", async () => {
      const { logoutTokens, userId, set, token } = await ended();
      const read = await logoutTokens.verifyLogoutToken(token);
      expect(read).toMatchObject({ sub: userId, sid: set.session_state });
      expect(read.jti).not.toBe("");
      expect(Math.abs(read.issuedAt.getTime() - Date.now())).toBeLessThan(10_000);
      expect(read.expiresAt.getTime()).toBeGreaterThan(Date.now());
      expect((await logoutTokens.verifyLogoutToken(token)).jti).toBe(read.jti);
    });

    test("each has a jti of its own", async () => {
      const [a, b] = [await ended(), await ended()];
      const [first, second] = [
        await a.logoutTokens.verifyLogoutToken(a.token),
        await b.logoutTokens.verifyLogoutToken(b.token),
      ];
      expect(first.jti).not.toBe(second.jti);
    });

    test("other tokens of the realm, changed ones and garbage are refused", async () => {
      const { logoutTokens, set, token } = await ended();
      const [header, payload, signature] = token.split(".");
      const claims = JSON.parse(Buffer.from(payload ?? "", "base64url").toString());
      const changed = Buffer.from(JSON.stringify({ ...claims, sid: "another" })).toString("base64url");
      const wrong = [
        set.access_token,
        set.refresh_token,
        set.id_token ?? "",
        "",
        "garbage",
        "a.b.c",
        `${header}.${payload}.`,
        `${header}.${payload}`,
        "x".repeat(25_000),
        `${header}.${changed}.${signature}x`,
        `${header}.${payload}.${signature?.toLowerCase()}A`,
      ];
      for (const bad of wrong) await failure(logoutTokens.verifyLogoutToken(bad), "logout_token.invalid");
    });
  });
}
