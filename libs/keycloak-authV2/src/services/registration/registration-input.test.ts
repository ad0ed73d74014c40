import { beforeEach, describe, expect, test } from "bun:test";
import { AuthError } from "@libs/problems";
import { DEFAULT_USER_PROFILE, type ProfileAttribute } from "../../ports/user-profile.ts";
import { createSyncFixture, type SyncFixture } from "../../testing/sync-fixture.ts";
import { registerIdempotently } from "./register-idempotently.ts";
import { type RegisterUserInput, registerUser } from "./register-user.ts";

const custom = (name: string, change: Partial<ProfileAttribute> = {}): ProfileAttribute => ({
  name,
  required: false,
  settable: true,
  multivalued: false,
  maxLength: null,
  options: null,
  ...change,
});
const profileAttributes = [
  custom("phone", { required: true }),
  custom("tags", { multivalued: true }),
  custom("level", { settable: false }),
];
const ada = {
  username: "ada",
  email: "ada@example.com",
  password: "correct horse battery",
  firstName: "Ada",
  lastName: "Lovelace",
  attributes: { phone: "+49" },
};

let fixture: SyncFixture;
beforeEach(() => {
  fixture = createSyncFixture({ profileAttributes });
});

/** @returns the code and the paths of the refusal */
async function refusal(input: RegisterUserInput): Promise<unknown[]> {
  const error = await registerUser(fixture.deps, input).catch((thrown: AuthError) => thrown);
  if (!(error instanceof AuthError)) return ["registered"];
  return [error.code, ...(error.errors ?? []).map(({ path, message }) => `${path} ${message}`)];
}
const sides = () => ({ inKeycloak: fixture.keycloak.users.size, local: fixture.database.users.size });

test("attributes reach Keycloak beside the mark, and no row here", async () => {
  const user = await registerUser(fixture.deps, { ...ada, attributes: { phone: "+49-1", tags: ["a", " ", "b"] } });
  const stored = fixture.keycloak.users.get(user.id)?.attributes;
  expect(stored).toEqual({ phone: ["+49-1"], tags: ["a", "b"], registrationId: [expect.any(String)] });
  const { registrations, users, activities } = fixture.database;
  expect(JSON.stringify([[...registrations.values()], [...users.values()], activities])).not.toContain("+49-1");
});

describe("is refused before Keycloak is asked", () => {
  test("what the realm requires and is missing or blank", async () => {
    const needed = "attributes.phone is required";
    expect(await refusal({ ...ada, attributes: {} })).toEqual(["input.invalid", needed]);
    expect(await refusal({ ...ada, attributes: { phone: [" ", ""] } })).toEqual(["input.invalid", needed]);
    expect(await refusal({ password: ada.password })).toEqual([
      "input.invalid",
      "username is required",
      "email is required",
      "firstName is required",
      "lastName is required",
      needed,
    ]);
    expect(fixture.keycloak.calls).toEqual(["read_user_profile"]);
  });

  test("what people may not set: an administrator's attribute, an unknown one, the mark, a field's own name", async () => {
    for (const name of ["level", "unknown", "registrationId", "email", "locale", "constructor", "toString"]) {
      const attributes = { ...ada.attributes, [name]: "x" };
      const broken = await refusal({ ...ada, attributes });
      expect(broken[0]).toBe("input.invalid");
      expect(broken).toHaveLength(2);
      expect(broken[1]).toContain("is not an attribute that users of this realm can set");
    }
    expect(sides()).toEqual({ inKeycloak: 0, local: 0 });
  });
});

test("an attribute that is dropped without a word, since the profile has changed: refused, taken back, and read anew", async () => {
  const { keycloak } = fixture;
  await registerUser(fixture.deps, ada);
  keycloak.options.profileAttributes = [];
  const eve = { ...ada, username: "eve", email: "eve@example.com" };
  expect(await refusal(eve)).toEqual(["registration.profile_rejected", "attributes.phone is not stored by this realm"]);
  expect(sides()).toEqual({ inKeycloak: 1, local: 1 });
  expect((await refusal(eve))[0]).toBe("input.invalid");
  expect(await refusal({ ...eve, attributes: {} })).toEqual(["registered"]);
});

test("another profile counts within a minute, and the last one while Keycloak is away", async () => {
  const { keycloak, clock } = fixture;
  const bob = { ...ada, username: "bob", email: "bob@example.com", attributes: {} };
  expect((await refusal(bob))[0]).toBe("input.invalid");
  keycloak.options.profileAttributes = [];
  clock.now += 59_999;
  expect((await refusal(bob))[0]).toBe("input.invalid");
  keycloak.before = (operation) => {
    if (operation === "read_user_profile") throw new AuthError("keycloak.unavailable");
  };
  clock.now += 1;
  expect((await refusal(bob))[0]).toBe("input.invalid");
  keycloak.before = undefined;
  clock.now += 5_000;
  expect(await refusal(bob)).toEqual(["registered"]);
});

describe("with a profile that was never read", () => {
  beforeEach(() => {
    fixture.keycloak.before = (operation) => {
      if (operation === "read_user_profile") throw new AuthError("keycloak.unavailable");
    };
  });

  test("what suits any realm goes on, the rest has to come again", async () => {
    const { attributes, ...plain } = ada;
    expect(await refusal({ ...plain, attributes })).toEqual(["keycloak.unavailable"]);
    expect(await refusal({ ...plain, lastName: undefined })).toEqual(["keycloak.unavailable"]);
    expect(await refusal(plain)).toEqual(["registered"]);
  });

  test("because our account may not read it: the default holds, and no attribute is taken", async () => {
    fixture.keycloak.before = (operation) => {
      if (operation === "read_user_profile") throw new AuthError("keycloak.forbidden");
    };
    const { attributes, ...plain } = ada;
    expect((await refusal({ ...plain, attributes }))[0]).toBe("input.invalid");
    expect((await refusal({ ...plain, lastName: undefined }))[1]).toBe("lastName is required");
    expect(await refusal(plain)).toEqual(["registered"]);
  });
});

test("a realm that demands what people may not set lets nobody register, and says so to operators", async () => {
  fixture.deps.keycloak.readUserProfile = async () => ({ ...DEFAULT_USER_PROFILE, blocked: ["level"] });
  const error = await registerUser(fixture.deps, ada).catch((thrown: AuthError) => thrown);
  expect(error).toMatchObject({ code: "keycloak.misconfigured", internal: expect.stringContaining("level") });
});

test("the same Idempotency-Key with another attribute is another request", async () => {
  const { id } = await registerIdempotently(fixture.deps, ada, "key");
  expect((await registerIdempotently(fixture.deps, ada, "key")).id).toBe(id);
  const other = registerIdempotently(fixture.deps, { ...ada, attributes: { phone: "+1" } }, "key");
  expect(await other.catch((error: AuthError) => error)).toMatchObject({ code: "idempotency.key_reused" });
});
