import { beforeEach, describe, expect, test } from "bun:test";
import type { Session } from "@libs/database";
import type { AuthError } from "@libs/problems";
import { newUser } from "../../testing/contracts/keycloak-realm-under-test.ts";
import { createSyncFixture, type SyncFixture } from "../../testing/sync-fixture.ts";
import { type LoginDeps, type LoginOptions, login } from "./login.ts";
import { syncOnAuthentication, undoLogin } from "./sync-on-authentication.ts";

let fixture: SyncFixture;
let deps: LoginDeps;
const person = newUser();
beforeEach(async () => {
  fixture = createSyncFixture();
  await fixture.keycloak.userRepository.createUser(person);
  deps = {
    ...fixture.deps,
    store: (input) => syncOnAuthentication(fixture.deps, input),
    undo: (session: Session) => undoLogin(fixture.deps, session),
  };
});

const { username, password } = person;
const logIn = (options: Partial<LoginOptions<unknown>> = {}, input: object = {}) =>
  login(deps, { username, password, ...input }, { answer: (loggedIn) => loggedIn, ...options });
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "ok",
    (error: AuthError) => error.code ?? error.message,
  );
const liveHere = () => [...fixture.database.sessions.values()].filter(({ endedAt }) => endedAt === null);

test("stores the session, with where it came from, and gives the caller's answer", async () => {
  const answer = ({ user, session }: { user: { username: string }; session: Session }) => [
    user.username,
    session.ipAddress,
  ];
  expect(await logIn({ client: { ipAddress: "192.0.2.7" }, answer })).toEqual([username, "192.0.2.7"]);
  expect([liveHere().length, fixture.keycloak.sessions.size]).toEqual([1, 1]);
});

test("a refused person is in the activity log, and nothing is stored", async () => {
  await logIn();
  expect(await codeOf(logIn({}, { password: "wrong" }))).toBe("auth.invalid_credentials");
  await fixture.background.drain();
  expect(fixture.database.activities.map(({ type }) => type)).toContain("login.failed");
  expect(liveHere()).toHaveLength(1);
});

test("an unknown store is refused before Keycloak is asked", async () => {
  const calls = fixture.keycloak.calls.length;
  expect(await codeOf(logIn({}, { storeId: "nowhere" }))).toBe("registration.store_unknown");
  expect(fixture.keycloak.calls).toHaveLength(calls);
});

describe("ends on both sides when its caller gets no answer", () => {
  const nothingLeft = async () => {
    await fixture.background.drain();
    expect([liveHere().length, fixture.keycloak.sessions.size]).toEqual([0, 0]);
  };
  const fail = () => {
    throw new Error("no answer");
  };

  test.each<[string, Partial<LoginOptions<unknown>>]>([
    ["the answer can't be made", { answer: fail }],
    ["nor later", { answer: async () => fail() }],
    ["what protects it fails afterwards", { protect: (work) => work().then(fail) }],
  ])("%s", async (_, options) => {
    expect(await codeOf(logIn(options))).toBe("no answer");
    await nothingLeft();
  });

  test("it is stored only after its caller has been answered", async () => {
    let stored: Promise<unknown> = Promise.resolve();
    const protect: LoginOptions<unknown>["protect"] = (work) => {
      stored = work();
      return Promise.reject(new Error("too late"));
    };
    expect(await codeOf(logIn({ protect }))).toBe("too late");
    await stored;
    await nothingLeft();
  });
});
