import { beforeEach, expect, test } from "bun:test";
import { AuthError, type AuthErrorCode, type AuthErrorDetails } from "@libs/problems";
import { type AuthLimits, createAuthLimits } from "./auth-limits.ts";
import { createLimitKeys } from "./limit-keys.ts";
import type { AttemptEnd, LoginLocks } from "./login-locks.ts";
import type { SharedLimit } from "./shared-limit.ts";

/** What was counted, cleared, and how an attempt ended. */
let done: string[];
let limits: AuthLimits;

beforeEach(() => {
  done = [];
  const limit = (name: string) =>
    ({
      check: async () => {},
      judge: async () => 1,
      count: async () => void done.push(`count ${name}`),
      clear: async () => void done.push(`clear ${name}`),
      spend: async () => {},
    }) as unknown as SharedLimit;
  const locks = {
    run: <T>(_key: string, attempt: (counted: null) => Promise<T>, endOf: (error: unknown) => AttemptEnd) =>
      attempt(null).catch((error: unknown) => {
        done.push(endOf(error));
        throw error;
      }),
  } as unknown as LoginLocks;
  limits = createAuthLimits({
    keys: createLimitKeys("secret"),
    locks,
    loginAccount: limit("account"),
    loginAddress: limit("address"),
    registerAccount: limit("register"),
    registerAddress: limit("register"),
    refreshSession: limit("refresh"),
    refreshAddress: limit("refresh"),
  });
});

const login = (code: AuthErrorCode, details: AuthErrorDetails = {}) =>
  limits.login("ada", "192.0.2.1", () => Promise.reject(new AuthError(code, details))).catch(() => done.toSorted());

// Two of them within a second lock the person in Keycloak: the next attempt waits.
test.each(["auth.invalid_credentials", "auth.denied", "auth.session_limit"] as const)(
  "%s counts as a failure, as it does in Keycloak",
  async (code) => {
    expect(await login(code)).toEqual(["count account", "count address", "failed"]);
  },
);

test.each(["auth.action_required", "keycloak.misconfigured", "service.overloaded"] as const)(
  "%s is no failure of the person",
  async (code) => {
    expect(await login(code)).toEqual(["over"]);
  },
);

test("Keycloak may still be at an attempt that it did not answer, not at one that it never got, or failed at", async () => {
  expect(await login("keycloak.timeout")).toEqual(["unanswered"]);
  done = [];
  expect(await login("keycloak.unavailable", { neverSent: true })).toEqual(["over"]);
  done = [];
  expect(await login("keycloak.unavailable", { answered: true })).toEqual(["over"]);
});

test("a success clears the account's failures, not the address's", async () => {
  await limits.login("ada", "192.0.2.1", async () => {});
  expect(done).toEqual(["clear account"]);
});
