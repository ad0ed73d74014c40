// A gateway with a wrong configuration is never ready and says why; the right one, given later, makes it ready.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, type TestRealm, type TestStack, useStack } from "@libs/dev-stack";
import { applyRealm, type RealmOptions } from "@libs/keycloak-realm";
import { AuthClient } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, gatewayEnv, stopGateways } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { realmAdmin } from "./support/realm-admin.ts";
import { RealmEditor } from "./support/realm-editor.ts";
import { expectMended, expectNeverReady, kindsOf, readyOf } from "./support/wrong-configuration.ts";

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

// Whether people's tokens name them shows at a login alone: the client's own token has its `sub` in any case.
describe("the client scope basic", () => {
  const person = newPerson();
  let gateway: GatewayProcess;
  let client: AuthClient;

  async function startWith(named: string[]): Promise<void> {
    gateway = await start();
    client = new AuthClient(gateway.url);
    await untilNamed(named);
  }

  const untilNamed = (kinds: string[]) =>
    eventually(async () => {
      const ready = await readyOf(gateway);
      expect({ status: ready.status, kinds: kindsOf(ready).sort() }).toEqual({ status: 200, kinds });
    }, 60_000);

  async function expectMendedByLogin(): Promise<void> {
    expect((await client.login(person)).status).toBe(200);
    await expectMended(gateway, 30_000);
  }

  beforeAll(async () => {
    gateway = await start();
    expect((await new AuthClient(gateway.url).register(person)).status).toBe(201);
    await gateway.stop();
  }, 30_000);

  afterEach(() => edit.giveDefaultScope("basic"));

  test("is missing: named from the start, and the first login shows what it does", async () => {
    await edit.takeDefaultScope("basic");
    await startWith(["client.basic_missing"]);
    expect((await client.login(person)).status).toBe(502);
    await untilNamed(["client.basic_missing", "client.login_sub_missing"]);
    await edit.giveDefaultScope("basic");
    await untilNamed(["client.login_sub_missing"]);
    await expectMendedByLogin();
  }, 90_000);

  test("is optional: the first login shows it", async () => {
    await edit.takeDefaultScope("basic");
    await edit.giveOptionalScope("basic");
    try {
      await startWith([]);
      expect((await client.login(person)).status).toBe(502);
      await untilNamed(["client.login_sub_missing"]);
    } finally {
      await edit.takeOptionalScope("basic");
      await edit.giveDefaultScope("basic");
    }
    await expectMendedByLogin();
  }, 90_000);

  test("is missing, and the client has a mapper of its own: ready, and clear of it with the first login", async () => {
    await edit.takeDefaultScope("basic");
    await edit.addMapper("oidc-sub-mapper");
    try {
      await startWith(["client.basic_missing"]);
      await expectMendedByLogin();
    } finally {
      await edit.removeMappers("oidc-sub-mapper");
    }
  }, 90_000);
});
