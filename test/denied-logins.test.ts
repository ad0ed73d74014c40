// A flow that refuses some people is about them: it takes nobody else down, and leaves no session behind.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type KcAdminClient from "@keycloak/keycloak-admin-client";
import { STACK_TIMEOUT_MS, type TestRealm, type TestStack, useStack } from "@libs/dev-stack";
import type { AuthErrorCode } from "@libs/problems";
import { AuthClient, type LoggedIn, type ProblemBody } from "./support/auth-client.ts";
import { type GrantStep, withGrantStep } from "./support/direct-grant-flow.ts";
import { GatewayProcess, gatewayEnv } from "./support/gateway-process.ts";
import { newPerson, type Person } from "./support/person.ts";
import { realmAdmin } from "./support/realm-admin.ts";

const BLOCKED = "blocked";
/** More than the outages in a row that open the circuit. */
const MANY = 7;

let stack: TestStack;
let realm: TestRealm;
let admin: KcAdminClient;
let gateway: GatewayProcess;
let client: AuthClient;
/** They have the role, and each its own id. */
let blocked: (Person & { id: string })[];
let other: Person;
let session: LoggedIn;

beforeAll(async () => {
  stack = await useStack();
  realm = await stack.createRealm();
  admin = await realmAdmin({ ...stack, ...realm });
  const { url } = await stack.createDatabase();
  // This one reads no events: nothing but logins says whether Keycloak is there.
  gateway = await GatewayProcess.start(
    gatewayEnv({ ...stack, ...realm, databaseUrl: url }, { FEED_ENABLED: "false", LOGIN_FAILURE_PAUSE_MS: "0" }),
  );
  client = new AuthClient(gateway.url);
  await admin.roles.create({ name: BLOCKED });
  const role = (await admin.roles.findOneByName({ name: BLOCKED })) as { id: string; name: string };
  blocked = [];
  for (let i = 0; i < MANY; i++) {
    const person = newPerson();
    const { userId: id } = (await client.register(person)).body;
    await admin.users.addRealmRoleMappings({ id, roles: [role] });
    blocked.push({ ...person, id });
  }
  other = newPerson();
  expect((await client.register(other)).status).toBe(201);
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  await gateway?.stop();
  await realm?.drop();
});

beforeEach(async () => {
  for (const { id } of blocked) {
    await admin.users.logout({ id });
    await admin.attackDetection.del({ id });
  }
  session = (await client.login(other)).body;
});

const sessionsOf = async (id: string) => (await admin.users.listSessions({ id })).length;
const loginsOfBlocked = () => Promise.all(blocked.map((person) => client.login<ProblemBody>(person)));

/** @param loggedIn the session of somebody else */
async function expectNobodyElseHurt({ sessionId, tokens }: LoggedIn) {
  const metrics = await gateway.metrics();
  for (const calls of ["hashing", "other"]) expect(metrics).toContain(`keycloak_circuit_state{calls="${calls}"} 0`);
  const { status, body } = await client.get<{ checks: Record<string, string> }>("/health/ready");
  expect({ status, keycloak: body.checks.keycloak }).toEqual({ status: 200, keycloak: "up" });
  expect((await client.refresh({ sessionId, refreshToken: tokens.refresh_token })).status).toBe(200);
}

type Row = [name: string, step: GrantStep, status: number, code: AuthErrorCode];
const denying: Row[] = [
  ["a flow that denies", { provider: "deny-access-authenticator" }, 403, "auth.denied"],
  [
    "a flow that denies before the password",
    { provider: "deny-access-authenticator", first: true },
    403,
    "auth.denied",
  ],
  [
    "a flow that denies in words of its own",
    { provider: "deny-access-authenticator", config: { denyErrorMessage: "Nur für Mitglieder" } },
    403,
    "auth.denied",
  ],
  ["a step that the person has to set up first", { provider: "webauthn-authenticator" }, 403, "auth.action_required"],
  ["a page that only a browser shows", { provider: "auth-password-form" }, 502, "keycloak.misconfigured"],
  ["a certificate that is asked for", { provider: "direct-grant-auth-x509-username" }, 502, "keycloak.misconfigured"],
  ["Kerberos that is asked for", { provider: "auth-spnego" }, 502, "keycloak.misconfigured"],
  ["a one-time password that they lack", { provider: "direct-grant-validate-otp" }, 503, "keycloak.unavailable"],
  ["a step that is not set up", { provider: "user-session-limits" }, 503, "keycloak.unavailable"],
];

describe("people with a role are refused by", () => {
  test.each(denying)("%s", async (_, step, status, code) => {
    const undo = await withGrantStep(admin, { ...step, role: BLOCKED });
    try {
      for (const answer of await loginsOfBlocked()) {
        expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
        expect(answer.raw).not.toContain("Mitglieder");
      }
      for (const { id } of blocked) expect(await sessionsOf(id)).toBe(0);
      await expectNobodyElseHurt(session);
      expect((await client.login(other)).status).toBe(200);
    } finally {
      await undo();
    }
    expect((await client.login(other)).status).toBe(200);
  });

  test("a limit of sessions: theirs live on", async () => {
    for (const answer of await loginsOfBlocked()) expect(answer.status).toBe(200);
    const config = { behavior: "Deny new session", userRealmLimit: "1", errorMessage: "Genug" };
    const undo = await withGrantStep(admin, { provider: "user-session-limits", config, role: BLOCKED });
    try {
      for (const { status, body } of await loginsOfBlocked())
        expect({ status, code: body.code }).toEqual({ status: 403, code: "auth.session_limit" });
      for (const { id } of blocked) expect(await sessionsOf(id)).toBe(1);
      await expectNobodyElseHurt(session);
      expect((await client.login(other)).status).toBe(200);
    } finally {
      await undo();
    }
  });
});

test("the answer in the realm's other language is the same", async () => {
  await admin.realms.update(
    { realm: realm.realm },
    { internationalizationEnabled: true, supportedLocales: ["de"], defaultLocale: "de" },
  );
  const undo = await withGrantStep(admin, { provider: "deny-access-authenticator", role: BLOCKED });
  const [answer] = await loginsOfBlocked().finally(undo);
  expect(answer).toMatchObject({ status: 403, body: { code: "auth.denied" } });
});

test("a person without the right to offline access is denied where the client always asks for it", async () => {
  const [gatewayClient] = await admin.clients.find({ clientId: realm.clientId });
  const scope = (await admin.clientScopes.find()).find(({ name }) => name === "offline_access");
  const which = { id: String(gatewayClient?.id), clientScopeId: String(scope?.id) };
  const role = (await admin.roles.findOneByName({ name: `default-roles-${realm.realm}` })) as {
    id: string;
    name: string;
  };
  await admin.clients.delOptionalClientScope(which);
  await admin.clients.addDefaultClientScope(which);
  for (const { id } of blocked) await admin.users.delRealmRoleMappings({ id, roles: [role] });
  try {
    for (const answer of await loginsOfBlocked())
      expect(answer).toMatchObject({ status: 403, body: { code: "auth.denied" } });
    for (const { id } of blocked) expect(await sessionsOf(id)).toBe(0);
    await expectNobodyElseHurt(session);
  } finally {
    await admin.clients.delDefaultClientScope(which);
    for (const { id } of blocked) await admin.users.addRealmRoleMappings({ id, roles: [role] });
  }
});

test("an email that two users have is refused as an unknown one", async () => {
  const email = "twice@example.com";
  const setting = (duplicates: boolean) =>
    admin.realms.update(
      { realm: realm.realm },
      { loginWithEmailAllowed: !duplicates, duplicateEmailsAllowed: duplicates },
    );
  await setting(true);
  for (const username of ["twice-1", "twice-2"]) await admin.users.create({ username, email, enabled: true });
  await setting(false);
  const login = () => client.login<ProblemBody>({ username: email, password: "a-password-1" });
  for (let i = 0; i < MANY; i++) {
    expect(await login()).toMatchObject({ status: 401, body: { code: "auth.invalid_credentials" } });
  }
  await expectNobodyElseHurt(session);
});

test("a policy that forbids the grant is our misconfiguration, not everybody's wrong password", async () => {
  const policies = (path: string, body: object) =>
    admin.realms.makeRequest<object, void>({
      method: "PUT",
      path: `/${realm.realm}/client-policies/${path}`,
    })(body);
  await policies("profiles", {
    profiles: [{ name: "no-passwords", executors: [{ executor: "reject-ropc-grant", configuration: {} }] }],
  });
  const conditions = [{ condition: "any-client", configuration: {} }];
  await policies("policies", { policies: [{ name: "all", enabled: true, conditions, profiles: ["no-passwords"] }] });
  try {
    expect(await client.login(other)).toMatchObject({ status: 502, body: { code: "keycloak.misconfigured" } });
  } finally {
    await policies("policies", { policies: [] });
  }
});
