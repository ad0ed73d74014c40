// A gateway with a wrong configuration is never ready and says why; the right one, given later, makes it ready.
import { afterAll, afterEach, beforeAll, describe, test } from "bun:test";
import { STACK_TIMEOUT_MS, type TestRealm, type TestStack, useStack } from "@libs/dev-stack";
import { applyRealm, type RealmOptions } from "@libs/keycloak-authV2/realm";
import { GatewayProcess, gatewayEnv, stopGateways } from "./support/gateway-process.ts";
import { realmAdmin } from "./support/realm-admin.ts";
import { RealmEditor } from "./support/realm-editor.ts";
import { expectMended, expectNeverReady } from "./support/wrong-configuration.ts";

let stack: TestStack;
let edit: RealmEditor;
let realm: TestRealm;
let setup: RealmOptions;
let elsewhere: Bun.Server<undefined>;

beforeAll(async () => {
  const shared = await useStack();
  realm = await shared.createRealm();
  const { url: databaseUrl } = await shared.createDatabase();
  stack = { ...shared, ...realm, databaseUrl };
  edit = new RealmEditor(await realmAdmin(stack), realm);
  const { keycloakUrl, keycloakAdmin: admin } = stack;
  setup = { keycloakUrl, admin, ...realm, sslRequired: "none" };
  elsewhere = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("<h1>It works!</h1>") });
}, STACK_TIMEOUT_MS);

afterEach(stopGateways);
afterAll(async () => {
  await elsewhere?.stop(true);
  await realm?.drop();
});

const start = (overrides: Record<string, string> = {}) => GatewayProcess.start(gatewayEnv(stack, overrides));

describe("in the gateway's variables", () => {
  const rows: [string, () => Record<string, string>, string[]][] = [
    ["another secret", () => ({ KEYCLOAK_CLIENT_SECRET: "not-the-secret-of-it" }), ["client.refused"]],
    ["a client that is not there", () => ({ KEYCLOAK_CLIENT_ID: "nobody" }), ["client.unknown"]],
    [
      "a client of Keycloak's own",
      () => ({ KEYCLOAK_CLIENT_ID: "account" }),
      ["client.public", "client.password_grant_off"],
    ],
    ["a realm that is not there", () => ({ KEYCLOAK_REALM: "nowhere" }), ["keycloak.realm_missing"]],
    ["another realm", () => ({ KEYCLOAK_REALM: "master", KEYCLOAK_ISSUER: "" }), ["client.unknown"]],
    [
      "another issuer",
      () => ({ KEYCLOAK_ISSUER: "https://login.example.test/realms/app" }),
      ["keycloak.issuer_mismatch"],
    ],
    [
      "an issuer with a path too much",
      () => ({ KEYCLOAK_ISSUER: `${stack.issuer}/account` }),
      ["keycloak.issuer_mismatch"],
    ],
    ["the address of another web server", () => ({ KEYCLOAK_URL: elsewhere.url.origin }), ["keycloak.not_keycloak"]],
    [
      "a path that Keycloak does not have",
      () => ({ KEYCLOAK_URL: `${stack.keycloakUrl}/auth` }),
      ["keycloak.not_keycloak"],
    ],
    [
      "Keycloak's port for operators",
      () => ({ KEYCLOAK_URL: stack.managementUrl || `${elsewhere.url.origin}/x` }),
      ["keycloak.not_keycloak"],
    ],
    [
      "https where it speaks http",
      () => ({ KEYCLOAK_URL: stack.keycloakUrl.replace("http:", "https:"), KEYCLOAK_ISSUER: stack.issuer }),
      ["keycloak.unreachable"],
    ],
    [
      "a host that is not there",
      () => ({ KEYCLOAK_URL: "http://nowhere.invalid", KEYCLOAK_ISSUER: stack.issuer }),
      ["keycloak.unreachable"],
    ],
  ];
  test.each(rows)("%s", async (_, overrides, kinds) => {
    const gateway = await start(overrides());
    await expectNeverReady(gateway, kinds, [stack.clientSecret, "not-the-secret-of-it"]);
  });
});

describe("in the realm", () => {
  const rows: Record<string, { plant: () => Promise<unknown>; kinds: string[]; undo?: () => Promise<unknown> }> = {
    "the client is disabled": {
      plant: () => edit.changeClient({ enabled: false }),
      kinds: ["client.unknown"],
    },
    "nobody may log in by it": {
      plant: () => edit.changeClient({ directAccessGrantsEnabled: false }),
      kinds: ["client.password_grant_off"],
    },
    "it has no service account": {
      plant: () => edit.changeClient({ serviceAccountsEnabled: false }),
      kinds: ["client.service_account_off"],
    },
    "its service account is disabled": {
      plant: () => edit.changeServiceAccount({ enabled: false }),
      kinds: ["service_account.disabled"],
      undo: () => edit.changeServiceAccount({ enabled: true }),
    },
    "its service account may not manage users": {
      plant: () => edit.takeRoles(["manage-users"]),
      kinds: ["service_account.role_missing"],
    },
    "its service account may not read events": {
      plant: () => edit.takeRoles(["view-events"]),
      kinds: ["service_account.role_missing"],
    },
    "its service account may do nothing": {
      plant: () => edit.takeRoles(["manage-users", "view-events"]),
      kinds: ["service_account.role_missing"],
    },
    "it is public": {
      plant: () => edit.changeClient({ publicClient: true }),
      kinds: ["client.public"],
    },
    "it is bearer-only": {
      plant: () => edit.changeClient({ bearerOnly: true }),
      kinds: ["client.bearer_only"],
    },
    "it asks for consent": {
      plant: () => edit.changeClient({ consentRequired: true }),
      kinds: ["client.consent_required"],
      undo: () => edit.changeClient({ consentRequired: false }),
    },
    "it speaks SAML": {
      plant: () => edit.changeClient({ protocol: "saml" }),
      kinds: ["client.protocol"],
    },
    "it is to prove itself by a signed JWT": {
      plant: () => edit.changeClient({ clientAuthenticatorType: "client-jwt" }),
      kinds: ["client.authenticator"],
    },
    "tokens do not name it": {
      plant: () => edit.removeMappers("oidc-audience-mapper"),
      kinds: ["client.audience_missing"],
    },
    "tokens of people name nobody": {
      plant: () => edit.takeDefaultScope("basic"),
      kinds: ["client.basic_missing"],
      undo: () => edit.giveDefaultScope("basic"),
    },
    "tokens are lightweight": {
      plant: () => edit.changeClient({ attributes: { "client.use.lightweight.access.token.enabled": "true" } }),
      kinds: ["client.audience_missing"],
      undo: () => edit.changeClient({ attributes: { "client.use.lightweight.access.token.enabled": "false" } }),
    },
    "tokens are signed by a shared secret": {
      plant: () => edit.changeClient({ attributes: { "access.token.signed.response.alg": "HS256" } }),
      kinds: ["client.algorithm"],
      undo: () => edit.changeClient({ attributes: { "access.token.signed.response.alg": "RS256" } }),
    },
    "the realm is disabled": {
      plant: () => edit.changeRealm({ enabled: false }),
      kinds: ["keycloak.realm_disabled"],
      undo: () => edit.changeRealm({ enabled: true }),
    },
  };
  for (const [what, { plant, kinds, undo }] of Object.entries(rows)) {
    test(`${what}, and ready when that is mended`, async () => {
      let gateway: GatewayProcess;
      try {
        await plant();
        gateway = await start();
        await expectNeverReady(gateway, kinds, [stack.clientSecret]);
      } finally {
        await undo?.();
        await applyRealm(setup);
      }
      await expectMended(gateway);
    }, 40_000);
  }
});
