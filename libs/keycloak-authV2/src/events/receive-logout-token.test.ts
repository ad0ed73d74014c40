import { expect, test } from "bun:test";
import { DatabaseUnavailableError } from "@libs/database";
import { failure } from "@libs/problems/testing";
import { createSyncFixture } from "../testing/sync-fixture.ts";
import { receiveLogoutToken } from "./receive-logout-token.ts";

function receiver() {
  const { keycloak, deps, clock } = createSyncFixture();
  const { promise: woken, resolve } = Promise.withResolvers<string>();
  const all = { ...deps, logoutTokenVerifier: keycloak.logoutTokenVerifier, wake: resolve };
  const notices = async (afterMs = 1_000) => {
    const due = new Date(clock.now + afterMs);
    return (await deps.feed.claimDue(due, due, 10)).map(({ kind, subject, source }) => ({ kind, subject, source }));
  };
  return { keycloak, deps, clock, all, woken, notices };
}

test("a token becomes one notice, due once Keycloak has committed, and wakes the handler", async () => {
  const { keycloak, all, woken, notices } = receiver();
  await receiveLogoutToken(all, keycloak.mint.logoutToken("u1", "s1"), 5);
  expect(await notices(4)).toEqual([]);
  expect(await notices(5)).toEqual([{ kind: "session", subject: "s1", source: "backchannel_logout" }]);
  expect(await woken).toBe("notices");
  expect(keycloak.calls).toEqual([]);
});

test("without a session it is about all of the user's", async () => {
  const { keycloak, all, notices } = receiver();
  await receiveLogoutToken(all, keycloak.mint.logoutToken("u1", undefined), 5);
  expect(await notices()).toEqual([{ kind: "sessions", subject: "u1", source: "backchannel_logout" }]);
});

test("a replay is refused and records nothing, even after the first was handled", async () => {
  const { keycloak, all, deps, clock, notices } = receiver();
  const token = keycloak.mint.logoutToken("u1", "s1");
  await receiveLogoutToken(all, token, 0);
  const at = new Date(clock.now);
  await deps.feed.complete(await deps.feed.claimDue(at, at, 10), at);
  await failure(receiveLogoutToken(all, token), "logout_token.replayed");
  expect(await notices()).toEqual([]);
});

test("of copies that come at once, one is taken", async () => {
  const { keycloak, all } = receiver();
  const token = keycloak.mint.logoutToken("u1", "s1");
  const taken = await Promise.allSettled(Array.from({ length: 5 }, () => receiveLogoutToken(all, token)));
  expect(taken.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("an invalid or expired token records nothing", async () => {
  const { keycloak, all, clock, notices } = receiver();
  const token = keycloak.mint.logoutToken("u1", "s1");
  await failure(receiveLogoutToken(all, "garbage"), "logout_token.invalid");
  clock.now += 121_000;
  await failure(receiveLogoutToken(all, token), "logout_token.invalid");
  expect(await notices()).toEqual([]);
});

test("with the database away the token is not used up: Keycloak gets 503, and a repetition is taken", async () => {
  const { keycloak, all, deps, notices } = receiver();
  const token = keycloak.mint.logoutToken("u1", "s1");
  const storeEvents = async () => {
    throw new DatabaseUnavailableError();
  };
  const error = await failure(receiveLogoutToken({ ...all, feed: { storeEvents } }, token), "database.unavailable");
  expect(error.status).toBe(503);
  await receiveLogoutToken({ ...all, feed: deps.feed }, token, 0);
  expect(await notices()).toHaveLength(1);
});
