// A user storage that is away is Keycloak's failure: no input is blamed for it, and nobody else has a part in it.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type KcAdminClient from "@keycloak/keycloak-admin-client";
import { STACK_TIMEOUT_MS, type TestRealm, type TestStack, useStack } from "@libs/dev-stack";
import { AuthClient, type ProblemBody } from "./support/auth-client.ts";
import { GatewayProcess, gatewayEnv } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { realmAdmin } from "./support/realm-admin.ts";

/** More than the outages in a row that open the circuit. */
const MANY = 7;

let stack: TestStack;
let realm: TestRealm;
let admin: KcAdminClient;
let gateway: GatewayProcess;
let client: AuthClient;

beforeAll(async () => {
  stack = await useStack();
  realm = await stack.createRealm();
  admin = await realmAdmin({ ...stack, ...realm });
  const { url } = await stack.createDatabase();
  gateway = await GatewayProcess.start(gatewayEnv({ ...stack, ...realm, databaseUrl: url }));
  client = new AuthClient(gateway.url);
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  await gateway?.stop();
  await realm?.drop();
});

test("a registration that the realm's federation can't take is 503 with its cause, and logins go on", async () => {
  const other = newPerson();
  expect((await client.register(other)).status).toBe(201);
  // Kerberos comes with Keycloak. Without its server it fails for every user that is to be made.
  await admin.components.create({
    name: "away",
    providerId: "kerberos",
    providerType: "org.keycloak.storage.UserStorageProvider",
    config: {
      enabled: ["true"],
      kerberosRealm: ["EXAMPLE.COM"],
      serverPrincipal: ["HTTP/x@EXAMPLE.COM"],
      keyTab: ["/none"],
      editMode: ["UNSYNCED"],
      allowPasswordAuthentication: ["true"],
    },
  });
  for (let i = 0; i < MANY; i++) {
    const refused = await client.register(newPerson());
    expect(refused.status).toBe(503);
    expect((refused.body as unknown as ProblemBody).code).toBe("keycloak.unavailable");
  }
  const line = await gateway.logged(({ msg, code }) => msg === "request failed" && code === "keycloak.unavailable");
  expect(JSON.stringify(line)).toContain("Could not create user");
  expect((await client.login(other)).status).toBe(200);
  const ready = await fetch(`${gateway.url}/health/ready`);
  expect(ready.status).toBe(200);
});
