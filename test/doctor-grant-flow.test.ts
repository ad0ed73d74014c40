// What the doctor makes of the flow that the gateway's logins go through.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type KcAdminClient from "@keycloak/keycloak-admin-client";
import { STACK_TIMEOUT_MS, type TestRealm, useStack } from "@libs/dev-stack";
import { type DoctorOptions, runDoctor } from "@libs/keycloak-realm/doctor";
import { type GrantStep, withGrantStep } from "./support/direct-grant-flow.ts";
import { realmAdmin } from "./support/realm-admin.ts";

const settings = { backchannelLogoutUrl: "http://localhost:3000/auth/backchannel-logout" };
let realm: TestRealm;
let admin: KcAdminClient;
let options: DoctorOptions;

beforeAll(async () => {
  const stack = await useStack();
  realm = await stack.createRealm(settings);
  admin = await realmAdmin({ ...stack, ...realm });
  options = {
    keycloak: { url: stack.keycloakUrl, ...realm },
    databaseUrl: (await stack.createDatabase()).url,
    tokenEncryptionKeys: stack.tokenEncryptionKeys,
    admin: stack.keycloakAdmin,
    ...settings,
  };
  await admin.roles.create({ name: "some" });
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  await realm?.drop();
});

const found = async () => (await runDoctor(options)).findings.map(({ code, detail }) => `${code} ${detail}`);
const limit = (behavior: string) => ({ provider: "user-session-limits", config: { behavior, userRealmLimit: "1" } });

test("the built-in flow, and a copy that ends the oldest session, are silent", async () => {
  expect(await found()).toEqual([]);
  const undo = await withGrantStep(admin, limit("Terminate oldest session"));
  expect(await found().finally(undo)).toEqual([]);
});

type Row = [name: string, step: GrantStep, finding: RegExp[]];
const rows: Row[] = [
  [
    "denies a role",
    { provider: "deny-access-authenticator", role: "some" },
    [/^realm.grant_flow_denies .*Deny access/],
  ],
  [
    "denies before the password",
    { provider: "deny-access-authenticator", role: "some", first: true },
    [/^realm.grant_flow_denies/, /^realm.grant_flow_reveals .*Deny access/],
  ],
  [
    "denies everybody",
    { provider: "deny-access-authenticator" },
    [/^realm.grant_flow_broken .*denies everybody/, /denies/],
  ],
  ["limits sessions", limit("Deny new session"), [/^realm.grant_flow_denies .*[Ss]ession/]],
  ["a limit that is not set up", { provider: "user-session-limits" }, [/^realm.grant_flow_broken .*not configured/]],
  [
    "one-time passwords for all",
    { provider: "direct-grant-validate-otp" },
    [/^realm.grant_flow_broken .*who have none/],
  ],
  ["a form", { provider: "auth-password-form", role: "some" }, [/^realm.grant_flow_broken .*needs a browser/]],
  ["a certificate", { provider: "direct-grant-auth-x509-username" }, [/^realm.grant_flow_broken .*a certificate/]],
];

test.each(rows)("%s", async (_, step, expected) => {
  const undo = await withGrantStep(admin, step);
  const findings = await found().finally(undo);
  expect(findings).toHaveLength(expected.length);
  for (const [index, finding] of expected.entries()) expect(findings[index]).toMatch(finding);
});

test("the client's own flow counts, not the realm's", async () => {
  const [client] = await admin.clients.find({ clientId: realm.clientId });
  const undo = await withGrantStep(admin, { provider: "deny-access-authenticator", role: "some" });
  const flows = await admin.authenticationManagement.getFlows();
  const idOf = async (alias: string) => String(flows.find((flow) => flow.alias === alias)?.id);
  const { directGrantFlow } = (await admin.realms.findOne({ realm: realm.realm })) ?? {};
  const bind = async (alias: string) =>
    admin.clients.update(
      { id: String(client?.id) },
      { ...client, authenticationFlowBindingOverrides: { direct_grant: await idOf(alias) } },
    );
  await bind("direct grant");
  expect(await found()).toEqual([]);
  await undo();
  await bind(String(directGrantFlow));
  expect(await found()).toEqual([expect.stringMatching(/^realm.grant_flow_denies/)]);
});

test("steps that are switched off, alone or with their flow, are none", async () => {
  const [client] = await admin.clients.find({ clientId: realm.clientId });
  await admin.clients.update(
    { id: String(client?.id) },
    { ...client, authenticationFlowBindingOverrides: { direct_grant: "" } },
  );
  const undo = await withGrantStep(admin, { provider: "deny-access-authenticator", role: "some" });
  const { directGrantFlow: flow = "" } = (await admin.realms.findOne({ realm: realm.realm })) ?? {};
  const { authenticationManagement: management } = admin;
  const sub = (await management.getExecutions({ flow })).find(({ displayName }) => displayName === `${flow} step`);
  await management.updateExecution({ flow }, { ...sub, requirement: "DISABLED" });
  expect(await found()).toEqual([]);
  await undo();
});
