// Who meets a name whose registration is not finished: a login, a bulk sync, another registration.
import { beforeEach, describe, expect, test } from "bun:test";
import { AuthError, isAuthError } from "@libs/problems";
import { createSyncFixture, type SyncFixture } from "../../testing/sync-fixture.ts";
import { bulkSyncUsers } from "../reconcile/bulk-sync-users.ts";
import { registerUser } from "./register-user.ts";
import { withRegistrationSettled } from "./settle-unfinished-registration.ts";

const ada = {
  username: "ada",
  email: "ada@example.com",
  password: "correct horse battery",
  firstName: "Ada",
  lastName: "Lovelace",
};

let fixture: SyncFixture;
beforeEach(() => {
  fixture = createSyncFixture();
});

/** A registration that stands still between Keycloak and the commit. @returns what lets it go on */
async function heldRegistration() {
  const { deps, keycloak } = fixture;
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  let first = true;
  keycloak.after = async (operation) => {
    if (operation !== "create_user" || !first) return;
    first = false;
    await goOn;
  };
  const outcome = registerUser(deps, ada).then(
    () => "registered",
    (error: AuthError) => error.code,
  );
  while (keycloak.users.size === 0) await Bun.sleep(1);
  const [user] = keycloak.users.values();
  const [row] = fixture.database.registrations.values();
  if (!user || !row) throw new Error("nothing is held");
  return { user, row, release: resolve, outcome };
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: unknown) => (isAuthError(error) ? error.code : String(error)),
  );

type Held = Awaited<ReturnType<typeof heldRegistration>>;

function login({ user }: Pick<Held, "user">): Promise<unknown> {
  const { sessions, now } = fixture.deps;
  const tokens = {
    accessToken: "sealed",
    refreshToken: null,
    idToken: null,
    refreshTokenHash: null,
    tokensIssuedAt: null,
    offline: null,
  };
  const session = {
    ...tokens,
    tokenExpiresAt: now(),
    refreshExpiresAt: null,
    sessionId: "one",
    keycloakSessionId: "sid",
    ipAddress: null,
    userAgent: null,
    startedAt: now(),
  };
  const write = (ignoreUnfinished: boolean) =>
    sessions.recordLogin({ profile: user, ignoreUnfinished, storeId: null, session, now: now() });
  return withRegistrationSettled(fixture.deps, user, write, { complete: true });
}

describe("a login", () => {
  test("completes the pending registration of its user, and the registration says so too", async () => {
    const held = await heldRegistration();
    expect(await codeOf(login(held))).toBe("done");
    expect(fixture.database.registrations.get(held.row.id)?.state).toBe("completed");
    held.release();
    expect(await held.outcome).toBe("registered");
    expect([fixture.keycloak.users.size, fixture.database.users.size]).toEqual([1, 1]);
  });

  test("is refused while its user is being undone, and wakes recovery", async () => {
    const held = await heldRegistration();
    const { deps } = fixture;
    await deps.registrations.beginUndo(held.row.id, held.user.id, "test", deps.now(), deps.now());
    expect(await codeOf(login(held))).toBe("registration.recovering");
    expect(fixture.database.users.size).toBe(0);
    expect(fixture.woken).toContain("registrations");
  });

  test("is refused when its user landed after the registration was undone", async () => {
    const held = await heldRegistration();
    const { deps } = fixture;
    await deps.registrations.beginUndo(held.row.id, held.user.id, "test", deps.now(), deps.now());
    await deps.registrations.finishUndo(held.row.id, deps.now(), deps.now());
    const other = { ...ada, email: "other@example.com" };
    await deps.registrations.begin({
      id: "other",
      username: other.username,
      email: other.email,
      profile: held.row.profile,
      idempotencyKey: null,
      now: deps.now(),
      recoverAt: deps.now(),
      lostUntil: deps.now(),
    });
    expect(await codeOf(login(held))).toBe("registration.recovering");
  });

  test("of a user that another made is not held up by a lost registration of that name", async () => {
    const { deps, keycloak } = fixture;
    keycloak.before = (operation) => {
      if (operation === "create_user") throw new AuthError("keycloak.timeout");
    };
    expect(await codeOf(registerUser(deps, ada))).toBe("keycloak.timeout");
    await fixture.background.drain();
    keycloak.before = undefined;
    const id = await deps.keycloak.createUser({ ...ada, emailVerified: true, enabled: true });
    const user = keycloak.users.get(id);
    expect(user && (await codeOf(login({ user })))).toBe("done");
  });
});

test("a bulk sync leaves out who is being registered, and says so", async () => {
  const held = await heldRegistration();
  expect(await bulkSyncUsers(fixture.deps, [held.user.id])).toEqual({
    successful: [],
    failed: [{ userId: held.user.id, error: "registration.recovering" }],
  });
  held.release();
  expect(await held.outcome).toBe("registered");
  expect((await bulkSyncUsers(fixture.deps, [held.user.id])).successful).toEqual([held.user.id]);
});

describe("another registration of the name", () => {
  test("waits for the one in flight: completed, and the name is taken", async () => {
    const held = await heldRegistration();
    const second = codeOf(registerUser(fixture.deps, ada));
    while (!fixture.keycloak.calls.includes("search_users")) await Bun.sleep(1);
    held.release();
    expect(await held.outcome).toBe("registered");
    expect(await second).toBe("registration.email_taken");
    expect([...fixture.database.registrations.values()].map(({ state }) => state)).toEqual(["completed", "failed"]);
  });

  test("is asked to come again where the holder is being undone", async () => {
    const held = await heldRegistration();
    const { deps } = fixture;
    await deps.registrations.beginUndo(held.row.id, held.user.id, "test", deps.now(), deps.now());
    expect(await codeOf(registerUser(deps, ada))).toBe("registration.recovering");
    expect(fixture.woken).toContain("registrations");
  });

  test("is asked to come again at once where the holder was left by a crash", async () => {
    await heldRegistration();
    fixture.clock.now += 20_000;
    expect(await codeOf(registerUser(fixture.deps, ada))).toBe("registration.recovering");
    expect(fixture.keycloak.users.size).toBe(1);
  });

  test("whose own create was sent twice takes back the first", async () => {
    const { deps, keycloak } = fixture;
    keycloak.after = (operation) => {
      if (operation === "create_user") throw new AuthError("registration.username_taken");
    };
    expect(await codeOf(registerUser(deps, ada))).toBe("registration.recovering");
    await fixture.background.drain();
    expect(keycloak.users.size).toBe(0);
    expect([...fixture.database.registrations.values()].map(({ state }) => state)).toEqual(["undone"]);
  });

  test("a create that was never sent leaves nothing to look for", async () => {
    fixture.keycloak.before = (operation) => {
      if (operation === "create_user") throw new AuthError("keycloak.unavailable", { neverSent: true });
    };
    expect(await codeOf(registerUser(fixture.deps, ada))).toBe("keycloak.unavailable");
    expect([...fixture.database.registrations.values()]).toMatchObject([{ state: "failed", nextAttemptAt: null }]);
  });
});
