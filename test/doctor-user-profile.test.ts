// User profiles with which people can't register, or not all the way: planted in a real realm, named, silent again.
import { beforeAll, beforeEach, expect, test } from "bun:test";
import type KcAdminClient from "@keycloak/keycloak-admin-client";
import type { UserProfileConfig } from "@keycloak/keycloak-admin-client/lib/defs/userProfileMetadata.js";
import { STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";
import { type DoctorOptions, runDoctor } from "@libs/keycloak-realm/doctor";
import { realmAdmin } from "./support/realm-admin.ts";

let admin: KcAdminClient;
let asCreated: UserProfileConfig;
let options: DoctorOptions;
beforeAll(async () => {
  const stack = await useStack();
  const { realm, clientId, clientSecret } = await stack.createRealm();
  admin = await realmAdmin({ ...stack, realm });
  asCreated = await admin.users.getProfile();
  options = {
    keycloak: { url: stack.keycloakUrl, realm, clientId, clientSecret },
    databaseUrl: stack.databaseUrl,
    tokenEncryptionKeys: stack.tokenEncryptionKeys,
  };
}, STACK_TIMEOUT_MS);
beforeEach(() => admin.users.updateProfile(asCreated));

const both = { view: ["admin", "user"], edit: ["admin", "user"] };
const admins = { view: ["admin"], edit: ["admin"] };
const people = { view: ["user"], edit: ["user"] };

/** What the gateway's own client is shown, with one attribute more, or in another way. */
async function findingsWith(name: string, settings: object) {
  const others = asCreated.attributes?.filter((attribute) => attribute.name !== name) ?? [];
  const found = asCreated.attributes?.find((attribute) => attribute.name === name);
  await admin.users.updateProfile({ ...asCreated, attributes: [...others, { ...found, name, ...settings }] });
  const { findings } = await runDoctor(options);
  return findings.filter(({ code }) => code.startsWith("user_profile")).map(({ code, detail }) => `${code} ${detail}`);
}

test("an attribute that is demanded and not people's", async () => {
  const blocks = ["user_profile.blocks_registration staffId"];
  expect(await findingsWith("staffId", { permissions: admins, required: {} })).toEqual(blocks);
  expect(await findingsWith("staffId", { permissions: admins, required: { roles: ["admin"] } })).toEqual(blocks);
  expect(await findingsWith("staffId", { permissions: admins, required: { roles: ["user"] } })).toEqual([]);
  expect(await findingsWith("staffId", { permissions: admins, required: {}, defaultValue: "-" })).toEqual([]);
  expect(await findingsWith("staffId", { permissions: both, required: {} })).toEqual([]);
  expect(await findingsWith("staffId", { permissions: admins })).toEqual([]);
});

test("one that people must give and we may not", async () => {
  const asks = (name: string) => [`user_profile.asks_at_login ${name}`];
  const required = { roles: ["user"] };
  expect(await findingsWith("phone", { permissions: people, required })).toEqual(asks("phone"));
  expect(await findingsWith("lastName", { permissions: people })).toEqual(asks("lastName"));
  expect(await findingsWith("lastName", { permissions: people, required: undefined })).toEqual([]);
});

test("a mark that is not ours to write, though it is declared", async () => {
  expect(await findingsWith("registrationId", { permissions: people })).toEqual([
    "user_profile.mark_missing registrationId",
    "user_profile.mark_editable registrationId",
  ]);
  expect(await findingsWith("registrationId", { permissions: admins })).toEqual([]);
});
