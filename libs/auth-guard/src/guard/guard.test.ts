import { beforeEach, describe, expect, test } from "bun:test";
import { DatabaseUnavailableError, type GuardChange } from "@libs/postgres";
import { AuthError, isAuthError } from "@libs/problems";
import { Guard } from "./guard.ts";
import type { GuardRepository } from "./guard-repository.ts";
import type { VerifiedToken } from "./verified-token.ts";

let now: number;
let isUp: boolean;
let notify: (change: GuardChange) => void;
let calls: string[];
let verified: number;
let sessionOwner: string | null;
let guard: Guard;

const token = (): VerifiedToken => ({
  sub: "u1",
  sid: "s1",
  clientId: "gw",
  username: "ada",
  email: null,
  firstName: null,
  lastName: null,
  emailVerified: true,
  roles: new Set(["customer"]),
  issuedAt: new Date(0),
  expiresAt: new Date(60_000),
});

beforeEach(() => {
  now = 0;
  isUp = true;
  calls = [];
  verified = 0;
  sessionOwner = "u1";
  const repository: GuardRepository = {
    async findSession(sid) {
      calls.push(`session ${sid}`);
      return sessionOwner === null ? null : { sessionId: "own-1", userId: sessionOwner, startedAt: new Date(0) };
    },
    async findUser(id) {
      calls.push(`user ${id}`);
      return { storeId: null, organizationId: null, grants: [] };
    },
    async findOrganizationOfStore(id) {
      calls.push(`store ${id}`);
      return null;
    },
  };
  const verifier = {
    async verify(text: string) {
      verified += 1;
      if (text !== "good") throw new AuthError("token.invalid");
      return token();
    },
  };
  const channel = {
    isUp: () => isUp,
    listen: (onChange: typeof notify) => {
      notify = onChange;
    },
    close: async () => {},
  };
  guard = new Guard({ verifier, repository, channel, now: () => now });
});

const authenticate = async (header: string | null = "Bearer good") => guard.authenticate(header);
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "passed",
    (error: unknown) => (isAuthError(error) ? error.code : error),
  );

test("warm, it asks nobody, and answers at once", async () => {
  await authenticate();
  for (let request = 0; request < 100; request++) {
    now += 500;
    expect(guard.authenticate("bearer good")).not.toBeInstanceOf(Promise);
  }
  expect(calls).toEqual(["session s1", "user u1"]);
  expect(verified).toBe(1);
});

test("a token is verified again once its time is over", async () => {
  await authenticate();
  now = 60_000;
  await authenticate();
  expect(verified).toBe(2);
});

test.each([
  ["no header", null, "token.missing"],
  ["an empty header", "", "token.missing"],
  ["another scheme", "Basic YTpi", "token.missing"],
  ["no token", "Bearer", "token.missing"],
  ["a bad token", "Bearer bad", "token.invalid"],
  ["a token of 12 kB", `Bearer ${"x".repeat(12_289)}`, "token.invalid"],
  ["a token of 1 MB", `Bearer ${"x".repeat(1_000_000)}`, "token.invalid"],
])("%s is refused", async (_, header, code) => {
  expect(await codeOf(authenticate(header))).toBe(code);
});

test("what is too long is not even hashed or verified", async () => {
  await codeOf(authenticate(`Bearer ${"x".repeat(12_289)}`));
  expect(verified).toBe(0);
});

describe("a session", () => {
  test("that is not there, or another user's, is refused", async () => {
    sessionOwner = null;
    expect(await codeOf(authenticate())).toBe("session.ended");
    notify({ kind: "everything" });
    sessionOwner = "u2";
    expect(await codeOf(authenticate())).toBe("session.ended");
  });

  test("that has ended is refused with the next request, whatever is in memory", async () => {
    await authenticate();
    sessionOwner = null;
    notify({ kind: "sessions", ids: ["s1"] });
    expect(await codeOf(authenticate())).toBe("session.ended");
  });

  test("with the channel lost, counts two seconds", async () => {
    isUp = false;
    await authenticate();
    sessionOwner = null;
    now = 2000;
    expect(await codeOf(authenticate())).toBe("passed");
    now = 2001;
    expect(await codeOf(authenticate())).toBe("session.ended");
  });
});

test("with the channel and the database lost nobody is let in on old answers", async () => {
  await authenticate();
  isUp = false;
  now = 2001;
  const away = () => Promise.reject(new DatabaseUnavailableError("away"));
  const lost = new Guard({
    verifier: { verify: async () => token() },
    repository: { findSession: away, findUser: away, findOrganizationOfStore: away },
    channel: { isUp: () => false, listen: () => {}, close: async () => {} },
  });
  await expect(Promise.resolve(lost.authenticate("Bearer good"))).rejects.toBeInstanceOf(DatabaseUnavailableError);
});
