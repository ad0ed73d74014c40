// What Keycloak stored counts, not what was sent: a realm may call the user otherwise.
import { beforeEach, describe, expect, test } from "bun:test";
import { AuthError, isAuthError } from "@libs/problems";
import { DEFAULT_USER_PROFILE } from "../../ports/user-profile.ts";
import { createSyncFixture, type SyncFixture } from "../../testing/sync-fixture.ts";
import { bulkSyncUsers } from "../reconcile/bulk-sync-users.ts";
import { registrationSweep } from "./recover-registrations.ts";
import { registerUser } from "./register-user.ts";

const ada = {
  username: "ada",
  email: "Ada@example.com",
  password: "correct horse battery",
  firstName: "Ada",
  lastName: "Lovelace",
};

let fixture: SyncFixture;
beforeEach(() => {
  fixture = createSyncFixture({ emailAsUsername: true });
});

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: unknown) => (isAuthError(error) ? error.code : String(error)),
  );
const sides = () => ({ inKeycloak: fixture.keycloak.users.size, local: fixture.database.users.size });
const states = () => [...fixture.database.registrations.values()].map(({ state }) => state);

/** The create takes effect, and its answer is lost. */
function loseCreates(): void {
  fixture.keycloak.after = (operation) => {
    if (operation === "create_user") throw new AuthError("keycloak.timeout");
  };
}

test("the answer and the row are what Keycloak holds, by its own extensions too", async () => {
  const { keycloak, deps, database } = fixture;
  keycloak.after = (operation) => {
    const user = [...keycloak.users.values()].at(-1);
    if (operation === "create_user" && user)
      Object.assign(user, { firstName: "Augusta", lastName: null, emailVerified: true, enabled: false });
  };
  const user = await registerUser(deps, ada);
  const stored = { username: "ada@example.com", email: "ada@example.com", firstName: "Augusta", lastName: null };
  expect(user).toMatchObject({ ...stored, emailVerified: true, enabled: false });
  expect(database.users.get(user.id)).toMatchObject({ ...stored, emailVerified: true, enabled: false });
});

test("costs one call more than to create, and one a minute for the realm's profile", async () => {
  await registerUser(fixture.deps, ada);
  await registerUser(fixture.deps, { ...ada, email: "eve@example.com" });
  const each = ["create_user", "get_user"];
  expect(fixture.keycloak.calls).toEqual(["read_user_profile", ...each, ...each]);
});

test("when the user can't be read back, nothing is left", async () => {
  fixture.keycloak.before = (operation) => {
    if (operation === "get_user") throw new AuthError("keycloak.unavailable");
  };
  expect(await codeOf(registerUser(fixture.deps, ada))).toBe("registration.undone");
  expect([sides(), states()]).toEqual([{ inKeycloak: 0, local: 0 }, ["undone"]]);
});

describe("a lost create is taken back", () => {
  test("at once, under the email as name", async () => {
    loseCreates();
    expect(await codeOf(registerUser(fixture.deps, ada))).toBe("keycloak.timeout");
    await fixture.background.drain();
    expect([sides(), states()]).toEqual([{ inKeycloak: 0, local: 0 }, ["undone"]]);
  });

  test("by recovery, when Keycloak was away with it", async () => {
    const { keycloak, deps, clock, background } = fixture;
    loseCreates();
    keycloak.before = (operation) => {
      if (operation === "search_users") throw new AuthError("keycloak.unavailable");
    };
    await codeOf(registerUser(deps, ada));
    await background.drain();
    [keycloak.before, keycloak.after] = [undefined, undefined];
    clock.now += 20_000;
    await registrationSweep(deps).run();
    expect([sides(), states()]).toEqual([{ inKeycloak: 0, local: 0 }, ["undone"]]);
  });

  test("under a name that nobody could have known, by its mark alone", async () => {
    const { keycloak, background } = fixture;
    keycloak.after = (operation) => {
      if (operation !== "create_user") return;
      const user = [...keycloak.users.values()].at(-1);
      if (user) Object.assign(user, { username: "a-lovelace", email: null });
      throw new AuthError("keycloak.timeout");
    };
    await codeOf(registerUser(fixture.deps, ada));
    await background.drain();
    expect([sides(), states()]).toEqual([{ inKeycloak: 0, local: 0 }, ["undone"]]);
  });

  test("of one who has no email", async () => {
    fixture = createSyncFixture();
    const { email, ...nameless } = ada;
    fixture.deps.keycloak.readUserProfile = async () => ({ ...DEFAULT_USER_PROFILE, attributes: [] });
    loseCreates();
    expect(await codeOf(registerUser(fixture.deps, nameless))).toBe("keycloak.timeout");
    await fixture.background.drain();
    expect([sides(), states()]).toEqual([{ inKeycloak: 0, local: 0 }, ["undone"]]);
  });

  test("and never another's, made before or after it, with one email where the realm allows that", async () => {
    const { keycloak, deps, background } = fixture;
    const other = await registerUser(deps, ada);
    const namesake = keycloak.users.get(other.id);
    if (namesake) namesake.email = "moved@example.com";
    if (namesake) namesake.username = "moved@example.com";
    loseCreates();
    await codeOf(registerUser(deps, { ...ada, email: "eve@example.com" }));
    // Both carry the email that is searched for.
    if (namesake) namesake.email = "eve@example.com";
    await background.drain();
    expect([...keycloak.users.keys()]).toEqual([other.id]);
  });
});

describe("a name of an unfinished registration, under the realm's naming", () => {
  /** A registration whose process died after the create. */
  async function left(): Promise<void> {
    const { keycloak, deps } = fixture;
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    keycloak.after = (operation) => {
      if (operation !== "create_user") return;
      resolve();
      return new Promise<never>(() => {});
    };
    void registerUser(deps, ada);
    await reached;
    keycloak.after = undefined;
    fixture.clock.now += 20_000;
  }

  test("is no taken one: another registration is asked to come again", async () => {
    await left();
    // Beside one who is there to stay, and is called as the new one would like to be.
    const [first] = fixture.keycloak.users.values();
    if (first)
      fixture.keycloak.users.set("old", { ...first, id: "old", username: "bob", email: "b@x", attributes: {} });
    const again = { ...ada, username: "bob" };
    expect(await codeOf(registerUser(fixture.deps, again))).toBe("registration.recovering");
    await registrationSweep(fixture.deps).run();
    expect(await codeOf(registerUser(fixture.deps, again))).toBe("done");
  });

  test("keeps a sync from bringing its user over", async () => {
    await left();
    const [user] = fixture.keycloak.users.values();
    await bulkSyncUsers(fixture.deps, [user?.id ?? ""]);
    expect(sides()).toEqual({ inKeycloak: 1, local: 0 });
  });
});
