// What makes the tokens of people useless or too long, planted on the real stack: named by the doctor, and silent again.
import { beforeAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import type KcAdminClient from "@keycloak/keycloak-admin-client";
import { STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";
import { type DoctorOptions, findingCatalogue, runDoctor } from "@libs/keycloak-realm/doctor";
import { GatewayClientEditor } from "./support/gateway-client-editor.ts";
import { realmAdmin } from "./support/realm-admin.ts";

let admin: KcAdminClient;
let edit: GatewayClientEditor;
let healthy: DoctorOptions;
let personId: string;

beforeAll(async () => {
  const stack = await useStack();
  const settings = { backchannelLogoutUrl: "http://localhost:3000/auth/backchannel-logout" };
  const { realm, clientId, clientSecret } = await stack.createRealm(settings);
  admin = await realmAdmin({ ...stack, realm });
  edit = new GatewayClientEditor(admin, clientId);
  const { url: databaseUrl } = await stack.createDatabase();
  healthy = {
    keycloak: { url: stack.keycloakUrl, realm, clientId, clientSecret },
    databaseUrl,
    admin: stack.keycloakAdmin,
    ...settings,
    tokenEncryptionKeys: `k1:${randomBytes(32).toString("base64")}`,
  };
  personId = (await admin.users.create({ username: "ada", email: "ada@example.com", enabled: true })).id;
}, STACK_TIMEOUT_MS);

const wide = (characters: number) => edit.addWideClaim(characters);

async function pairwise(): Promise<() => Promise<void>> {
  const { id } = await edit.read();
  const before = await admin.clients.findOne({ id });
  await admin.clients.update({ id }, { ...before, redirectUris: ["http://localhost:3000/*"] });
  const back = await edit.addMapper({
    name: "pairwise",
    protocol: "openid-connect",
    protocolMapper: "oidc-sha256-pairwise-sub-mapper",
    config: { pairwiseSubAlgorithmSalt: "salt", sectorIdentifierUri: "" },
  });
  return async () => {
    await back();
    await admin.clients.update({ id }, { ...before });
  };
}

async function roleWithColon(): Promise<() => Promise<void>> {
  const name = "api-gateway:admin";
  await admin.roles.create({ name });
  const role = { id: (await admin.roles.findOneByName({ name }))?.id ?? "", name };
  await admin.users.addRealmRoleMappings({ id: personId, roles: [role] });
  const { id } = await edit.read();
  await admin.clients.addRealmScopeMappings({ id }, [role]);
  return async () => admin.roles.delByName({ name });
}

interface Planted {
  plant: () => Promise<() => Promise<unknown>>;
  finds: keyof typeof findingCatalogue;
  /** The gateway's own client sees it, too. */
  unprivileged?: true;
}

const planted: Record<string, Planted> = {
  "no refresh tokens": {
    plant: () => edit.setAttributes({ "use.refresh.tokens": "false" }),
    finds: "client.refresh_tokens_off",
  },
  "tokens signed with a secret": {
    plant: () => edit.setAttributes({ "access.token.signed.response.alg": "HS256" }),
    finds: "client.algorithm",
    unprivileged: true,
  },
  "logout tokens signed with a secret": {
    plant: () => edit.setAttributes({ "id.token.signed.response.alg": "HS512" }),
    finds: "client.logout_algorithm",
  },
  "lightweight tokens": {
    plant: () => edit.setAttributes({ "client.use.lightweight.access.token.enabled": "true" }),
    finds: "client.audience_missing",
    unprivileged: true,
  },
  "pairwise subjects": { plant: pairwise, finds: "client.pairwise_sub", unprivileged: true },
  "tokens over what guards take": { plant: () => wide(10_000), finds: "client.token_too_large" },
  "tokens over what some proxies take": { plant: () => wide(6_500), finds: "client.token_large" },
  "a realm role named as a client's": { plant: roleWithColon, finds: "realm.role_with_colon" },
};

test.each(Object.entries(planted))("%s", async (_, { plant, finds, unprivileged }) => {
  expect(await runDoctor(healthy)).toEqual({ findings: [], unchecked: [] });
  const mend = await plant();
  try {
    const { findings } = await runDoctor(healthy);
    expect(
      findings.find(({ code }) => code === finds),
      JSON.stringify(findings),
    ).toMatchObject(findingCatalogue[finds]);
    const { admin: _admin, ...unprivilegedOptions } = healthy;
    const own = (await runDoctor(unprivilegedOptions)).findings.map(({ code }) => code);
    if (unprivileged) expect(own).toContain(finds);
  } finally {
    await mend();
  }
  expect(await runDoctor(healthy)).toEqual({ findings: [], unchecked: [] });
});

test("limits and algorithms are those that the gateway is given", async () => {
  const codesOf = async (change: Partial<DoctorOptions["keycloak"]>) =>
    (await runDoctor({ ...healthy, keycloak: { ...healthy.keycloak, ...change } })).findings.map(({ code }) => code);
  expect(await codesOf({ maxTokenBytes: 1024 })).toEqual(["client.token_too_large"]);
  expect(await codesOf({ signatureAlgorithms: ["ES256"] })).toContain("client.algorithm");
});

test("the client scope basic is not missed where a mapper of the client's own names people", async () => {
  const codesOf = async () => (await runDoctor(healthy)).findings.map(({ code }) => code);
  const giveBasic = await edit.removeDefaultScope("basic");
  try {
    expect(await codesOf()).toEqual(["client.sub_missing", "client.basic_missing"]);
    const config = { "access.token.claim": "true", "introspection.token.claim": "true" };
    const sub = { name: "sub", protocol: "openid-connect", protocolMapper: "oidc-sub-mapper", config };
    const takeMapper = await edit.addMapper(sub);
    expect(await codesOf()).toEqual([]);
    await takeMapper();
  } finally {
    await giveBasic();
  }
});
