// `updateUser` on realms as people have them: it sends what changes, and reports what Keycloak did not do.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import type KcAdminClient from "@keycloak/keycloak-admin-client";
import { STACK_TIMEOUT_MS, type TestRealm, useStack } from "@libs/dev-stack";
import { createKeycloakAdapters } from "@libs/keycloak-authV2/keycloak";
import { failure, newUser } from "@libs/keycloak-authV2/testing";
import { eventually } from "./support/eventually.ts";
import { realmAdmin } from "./support/realm-admin.ts";

let own: TestRealm;
let admin: KcAdminClient;
let adapters: ReturnType<typeof createKeycloakAdapters>;
let keycloakUrl: string;
beforeAll(async () => {
  const stack = await useStack();
  keycloakUrl = stack.keycloakUrl;
  own = await stack.createRealm();
  admin = await realmAdmin({ ...stack, ...own });
  adapters = createKeycloakAdapters({ url: keycloakUrl, ...own });
}, STACK_TIMEOUT_MS);
afterAll(() => own?.drop());

const asCreated = {
  editUsernameAllowed: false,
  registrationEmailAsUsername: false,
  permanentLockout: false,
  quickLoginCheckMilliSeconds: 1000,
  failureFactor: 10,
};
beforeEach(() => admin.realms.update({ realm: own.realm }, asCreated));

const users = () => adapters.userRepository;
const attacked = (id: string) => admin.attackDetection.findOne({ id });

/** Enough wrong passwords for the guard's own count, whatever the time between them. */
async function lockedUser(): Promise<{ id: string; user: ReturnType<typeof newUser> }> {
  const user = newUser();
  const id = await users().createUser(user);
  for (let attempt = 0; attempt < 12; attempt += 1)
    await adapters.tokenClient.passwordGrant({ ...user, password: "wrong" }).catch(() => {});
  return { id, user };
}

test("a change of a name, of attributes, or of what is so already leaves a temporary lock", async () => {
  const { id, user } = await lockedUser();
  const lock = await eventually(async () => {
    const found = await attacked(id);
    expect(found).toMatchObject({ disabled: true });
    return found;
  });
  expect(await users().updateUser(id, { firstName: "Augusta" })).toBe(true);
  expect(await users().updateUser(id, { attributes: { registrationId: ["n"] } })).toBe(true);
  expect(await users().updateUser(id, { enabled: true, lastName: user.lastName })).toBe(true);
  expect(await attacked(id)).toEqual(lock);
  await failure(adapters.tokenClient.passwordGrant(user), "auth.invalid_credentials");
  expect(await users().getUser(id)).toMatchObject({ firstName: "Augusta", attributes: { registrationId: ["n"] } });
});

test("a permanent lock stays too, with its reason; enabling lifts it", async () => {
  // Without the quick check's temporary lock before it.
  const permanent = {
    permanentLockout: true,
    maxTemporaryLockouts: 0,
    quickLoginCheckMilliSeconds: 0,
    failureFactor: 3,
  };
  await admin.realms.update({ realm: own.realm }, permanent);
  const { id, user } = await lockedUser();
  await eventually(async () => {
    const locked = await admin.users.findOne({ id });
    expect(locked).toMatchObject({ enabled: false, attributes: { disabledReason: ["permanentLockout"] } });
  });
  expect(await users().updateUser(id, { firstName: "Augusta" })).toBe(true);
  expect(await users().updateUser(id, { attributes: { registrationId: ["n"] } })).toBe(true);
  const changed = await admin.users.findOne({ id });
  expect(changed).toMatchObject({ enabled: false, firstName: "Augusta" });
  expect(changed?.attributes).toEqual({ disabledReason: ["permanentLockout"], registrationId: ["n"] });
  await failure(adapters.tokenClient.passwordGrant(user), "auth.invalid_credentials");
  expect(await users().updateUser(id, { enabled: true })).toBe(true);
  expect((await adapters.tokenClient.passwordGrant(user)).session_state).toBeString();
});

test("required actions are left as they are", async () => {
  const id = await users().createUser(newUser());
  await admin.users.update({ id }, { requiredActions: ["UPDATE_PASSWORD", "CONFIGURE_TOTP"] });
  await users().updateUser(id, { firstName: "Augusta", emailVerified: true });
  await users().updateUser(id, { attributes: { registrationId: ["n"] } });
  expect((await users().getUser(id))?.requiredActions.toSorted()).toEqual(["CONFIGURE_TOTP", "UPDATE_PASSWORD"]);
});

test("an email that the person has to confirm is not changed, which is reported, and nothing else is", async () => {
  const user = newUser({ emailVerified: true });
  const id = await users().createUser(user);
  await admin.users.update({ id }, { requiredActions: ["UPDATE_EMAIL"] });
  const change = users().updateUser(id, { email: `new-${user.email}`, firstName: "Augusta" });
  expect((await failure(change, "user.change_ignored")).errors).toEqual([
    { path: "email", message: "was not changed" },
  ]);
  expect(await users().getUser(id)).toMatchObject({ email: user.email, emailVerified: true, firstName: "Ada" });
  // What is no change of the email goes through.
  expect(await users().updateUser(id, { email: user.email.toUpperCase(), firstName: "Augusta" })).toBe(true);
  expect(await users().getUser(id)).toMatchObject({ firstName: "Augusta", requiredActions: ["UPDATE_EMAIL"] });
});

test("a change of email that began before the required action is found by reading it again", async () => {
  const user = newUser();
  const id = await users().createUser(user);
  let reads = 0;
  // The action is set between our reading and our writing.
  const proxy = Bun.serve({
    port: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      if (request.method === "PUT") await admin.users.update({ id }, { requiredActions: ["UPDATE_EMAIL"] });
      else if (pathname.endsWith(`/users/${id}`)) reads += 1;
      const body = request.method === "GET" ? null : await request.text();
      return fetch(`${keycloakUrl}${pathname}${search}`, { method: request.method, headers: request.headers, body });
    },
  });
  try {
    const { userRepository } = createKeycloakAdapters({ url: proxy.url.origin, ...own });
    const change = userRepository.updateUser(id, { email: `new-${user.email}` });
    expect((await failure(change, "user.change_ignored")).errors?.map(({ path }) => path)).toEqual(["email"]);
    expect(reads).toBe(2);
  } finally {
    await proxy.stop(true);
  }
});

test("attributes can be changed where usernames may be edited, and where the email is the username", async () => {
  for (const naming of [{ editUsernameAllowed: true }, { registrationEmailAsUsername: true }]) {
    await admin.realms.update({ realm: own.realm }, { ...asCreated, ...naming });
    const user = newUser({ attributes: { registrationId: ["m"] } });
    const id = await users().createUser(user);
    const before = await users().getUser(id);
    expect(await users().updateUser(id, { attributes: { registrationId: ["n"] } })).toBe(true);
    expect(await users().getUser(id)).toEqual({
      ...(before as NonNullable<typeof before>),
      attributes: { registrationId: ["n"] },
    });
  }
});
