import { beforeEach, describe, expect, test } from "bun:test";
import { DatabaseUnavailableError } from "@libs/database";
import { AuthError } from "@libs/problems";
import type { SessionTokenSet } from "../../ports/ports.ts";
import { logIn } from "../../testing/log-in.ts";
import { createSyncFixture, type SyncFixture } from "../../testing/sync-fixture.ts";
import { plainTokens } from "../shared/seal-tokens.ts";
import { logoutSession } from "./logout-session.ts";
import { SessionRefresher } from "./refresh-session.ts";
import { updateSessionTokens } from "./update-session-tokens.ts";

let fixture: SyncFixture;
let refresher: SessionRefresher;
beforeEach(() => {
  fixture = createSyncFixture();
  refresher = new SessionRefresher(fixture.deps);
});

const atKeycloak = (refreshToken: string) => fixture.keycloak.tokenClient.refresh(refreshToken);
/** A replica of its own, whose calls to Keycloak are these. */
const asking = (refreshToken: (refreshToken: string) => Promise<SessionTokenSet>) =>
  new SessionRefresher({ ...fixture.deps, authentication: { refreshToken } });
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "ok",
    (error: AuthError) => error.code,
  );

test("many callers with one token share one call to Keycloak and get the same tokens", async () => {
  const session = await logIn(fixture, "s1");
  const answers = await Promise.all(Array.from({ length: 20 }, () => refresher.refresh(session)));
  expect(new Set(answers.map(({ refresh_token }) => refresh_token)).size).toBe(1);
  expect(fixture.keycloak.calls.filter((call) => call === "refresh")).toHaveLength(1);
});

describe("a replaced token", () => {
  test("within the grace gets its successor's answer, from before the last one too", async () => {
    const session = await logIn(fixture, "s1");
    const second = await refresher.refresh(session);
    const third = await refresher.refresh({ ...session, refreshToken: second.refresh_token });
    fixture.clock.now += 59_000;
    for (const refreshToken of [session.refreshToken, second.refresh_token]) {
      const answer = await refresher.refresh({ sessionId: "s1", refreshToken });
      expect(answer.refresh_token).toBe(third.refresh_token);
    }
  });

  test("after the grace is theft: ended on both sides", async () => {
    const session = await logIn(fixture, "s1");
    await refresher.refresh(session);
    fixture.clock.now += 61_000;
    expect(await codeOf(refresher.refresh(session))).toBe("session.reuse_detected");
    expect(await codeOf(refresher.refresh(session))).toBe("session.invalid");
    await fixture.background.drain();
    expect(fixture.database.activities.map(({ type }) => type)).toContain("session.refresh_token_reused");
    expect(await fixture.registry.metrics()).toContain("session_refresh_token_reuse_total 1");
    expect(fixture.database.sessions.get("s1")).toMatchObject({ endReason: "refresh_token_reuse", refreshToken: null });
    expect(fixture.keycloak.sessions.size).toBe(0);
  });
});

describe("nothing is changed", () => {
  test("by garbage, by another session's token, by an unknown session", async () => {
    const [mine, other] = [await logIn(fixture, "s1"), await logIn(fixture, "s2")];
    const before = structuredClone([...fixture.database.sessions.values()]);
    for (const [sessionId, refreshToken] of [
      ["s1", "garbage"],
      ["s1", other.refreshToken],
      ["s3", mine.refreshToken],
    ] as const) {
      expect(await codeOf(refresher.refresh({ sessionId, refreshToken }))).toBe("session.invalid");
      const logout = logoutSession(
        { ...fixture.deps, authentication: { logout: async () => false } },
        { sessionId, refreshToken },
      );
      expect(await codeOf(logout)).toBe("session.invalid");
    }
    expect([...fixture.database.sessions.values()]).toEqual(before);
  });

  test("by Keycloak's absence: the session stays and the next refresh works", async () => {
    const session = await logIn(fixture, "s1");
    for (const code of ["keycloak.unavailable", "keycloak.timeout", "keycloak.misconfigured"] as const) {
      expect(await codeOf(asking(() => Promise.reject(new AuthError(code))).refresh(session))).toBe(code);
    }
    expect(await codeOf(refresher.refresh(session))).toBe("ok");
  });

  test("by tokens that can't be decrypted", async () => {
    const session = await logIn(fixture, "s1");
    await refresher.refresh(session);
    const foreign = new SessionRefresher({ ...fixture.deps, cipher: createSyncFixture().deps.cipher });
    expect(await codeOf(foreign.refresh(session))).toBe("token.undecryptable");
    expect(await codeOf(refresher.refresh(session))).toBe("ok");
  });

  test("by tokens of another session or person", async () => {
    const [mine, other] = [await logIn(fixture, "s1"), await logIn(fixture, "s2")];
    const theirs = async (): Promise<SessionTokenSet> => other.tokens;
    expect(await codeOf(asking(theirs).refresh(mine))).toBe("session.invalid");
    const stored = updateSessionTokens(fixture.deps, "s1", plainTokens(other.tokens, fixture.deps.now()));
    expect(await codeOf(stored)).toBe("session.invalid");
    expect(await codeOf(refresher.refresh(mine))).toBe("ok");
  });

  test("by tokens of the same person's other session", async () => {
    const mine = await logIn(fixture, "s1");
    const elsewhere = await fixture.keycloak.tokenClient.passwordGrant(mine);
    const stored = updateSessionTokens(fixture.deps, "s1", plainTokens(elsewhere, fixture.deps.now()));
    expect(await codeOf(stored)).toBe("session.invalid");
    expect(await codeOf(asking(async () => elsewhere).refresh(mine))).toBe("session.invalid");
    expect(await codeOf(refresher.refresh(mine))).toBe("ok");
  });
});

test("a refusal by Keycloak ends the row", async () => {
  const session = await logIn(fixture, "s1");
  fixture.keycloak.sessions.clear();
  expect(await codeOf(refresher.refresh(session))).toBe("session.refused");
  expect(fixture.database.sessions.get("s1")).toMatchObject({ endReason: "refresh_refused" });
});

test("a refused session may live on in Keycloak, of a disabled user for example: it is ended there too", async () => {
  const session = await logIn(fixture, "s1");
  const refuse = async (): Promise<SessionTokenSet> => {
    throw new AuthError("session.refused", { internal: "refresh: User disabled" });
  };
  expect(await codeOf(asking(refuse).refresh(session))).toBe("session.refused");
  const [sid] = [...fixture.keycloak.sessions.keys()];
  expect([...fixture.database.keycloakLogouts.values()]).toMatchObject([
    { keycloakSessionId: sid, nextAttemptAt: fixture.deps.now() },
  ]);
});

test("a session that ends while Keycloak answers stays ended, in Keycloak too", async () => {
  const session = await logIn(fixture, "s1");
  const slow = async (refreshToken: string) => {
    const tokens = await atKeycloak(refreshToken);
    await fixture.deps.sessions.end("s1", "logout", fixture.deps.now());
    return tokens;
  };
  expect(await codeOf(asking(slow).refresh(session))).toBe("session.invalid");
  await fixture.background.drain();
  expect(fixture.keycloak.sessions.size).toBe(0);
});

test("tokens at rest are ciphertext only, and the hash alone recognises the refresh token", async () => {
  const { tokens } = await logIn(fixture, "s1");
  const row = JSON.stringify(fixture.database.sessions.get("s1"));
  for (const token of [tokens.access_token, tokens.refresh_token, tokens.id_token ?? "-"])
    expect(row).not.toContain(token);
});

test("a login whose row can't be written leaves no session on either side", async () => {
  fixture.deps.sessions.recordLogin = () => Promise.reject(new DatabaseUnavailableError());
  await expect(logIn(fixture, "s1")).rejects.toBeInstanceOf(DatabaseUnavailableError);
  await fixture.background.drain();
  expect(fixture.keycloak.sessions.size).toBe(0);
});
