// A proxy that is not named, or a Keycloak that does not trust the gateway: many people have one address.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomBytes, randomUUID } from "node:crypto";
import type KcAdminClient from "@keycloak/keycloak-admin-client";
import { STACK_TIMEOUT_MS, type TestRealm, type TestStack, useStack } from "@libs/dev-stack";
import { type DoctorOptions, findingCatalogue, runDoctor } from "@libs/keycloak-realm/doctor";
import { SQL } from "bun";
import { keycloakUserOf, newPerson, type Person } from "./support/person.ts";
import { realmAdmin } from "./support/realm-admin.ts";
import { recordSecret } from "./support/secrets-seen.ts";

/** As many as make a crowd of an internal address. */
const CROWD = 10;

let stack: TestStack;
let ownRealm: TestRealm;
let admin: KcAdminClient;
let sql: SQL;
let options: DoctorOptions;
const people: (Person & { id: string })[] = [];

beforeAll(async () => {
  const shared = await useStack();
  // Nobody else's sessions are in it.
  ownRealm = await shared.createRealm();
  stack = { ...shared, ...ownRealm };
  admin = await realmAdmin(stack);
  const { url } = await stack.createDatabase();
  sql = new SQL(url, { max: 1 });
  const { keycloakUrl, realm, clientId, clientSecret } = stack;
  options = {
    keycloak: { url: keycloakUrl, realm, clientId, clientSecret },
    databaseUrl: url,
    tokenEncryptionKeys: `k1:${randomBytes(32).toString("base64")}`,
    admin: stack.keycloakAdmin,
  };
  for (let n = 0; n < CROWD; n++) {
    const person = newPerson();
    const { id } = await admin.users.create(keycloakUserOf(person));
    people.push({ ...person, id });
  }
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  await sql?.close();
  await ownRealm?.drop();
});

/** What is found about addresses. */
const found = async (change: Partial<DoctorOptions> = {}) =>
  (await runDoctor({ ...options, ...change })).findings.filter(({ code }) => code.startsWith("sessions."));

/** Stores a live session of a person's, without the gateway. */
async function storeSession(userId: string, ipAddress: string, startedAt = new Date()): Promise<void> {
  await sql`INSERT INTO users (id, username, synced_at) VALUES (${userId}, ${userId}, now()) ON CONFLICT DO NOTHING`;
  await sql`INSERT INTO sessions (session_id, user_id, keycloak_session_id, access_token, token_expires_at,
      refresh_expires_at, started_at, last_seen_at, ip_address)
    VALUES (${randomUUID()}, ${userId}, ${randomUUID()}, 'v1.k1.gone', now(), now(), ${startedAt}, now(), ${ipAddress})`;
}
const storeCrowd = async (ipAddress: string, count = CROWD, startedAt = new Date()) => {
  for (let n = 0; n < count; n++) await storeSession(randomUUID(), ipAddress, startedAt);
};
const forget = () => sql`DELETE FROM users`;

/** Logs people in at Keycloak, as a gateway does. */
async function logIn(addressOf: (place: number) => string, count = CROWD): Promise<void> {
  const url = `${stack.keycloakUrl}/realms/${stack.realm}/protocol/openid-connect/token`;
  const client = {
    client_id: stack.clientId,
    client_secret: stack.clientSecret,
    grant_type: "password",
    scope: "openid",
  };
  for (const [place, { username, password }] of people.slice(0, count).entries()) {
    const body = new URLSearchParams({ ...client, username, password });
    const answer = await fetch(url, { method: "POST", body, headers: { "x-forwarded-for": addressOf(place) } });
    expect(answer.status).toBe(200);
    for (const token of Object.values((await answer.json()) as object))
      if (`${token}`.length > 100) recordSecret(token);
  }
}
const endAll = () => admin.realms.logoutAll({ realm: stack.realm });

test("sessions of many people from a proxy's address here", async () => {
  await storeCrowd("172.18.0.2", CROWD - 1);
  expect(await found()).toEqual([]);
  await storeCrowd("172.18.0.2", 1);
  const detail = `${CROWD} of ${CROWD} people, from one address: 172.18.0.2`;
  expect(await found()).toEqual([
    { code: "sessions.one_address", detail, ...findingCatalogue["sessions.one_address"] },
  ]);
  // Ended ones, and people who come from elsewhere, show that it is right now.
  await sql`UPDATE sessions SET ended_at = now(), end_reason = 'logout', access_token = NULL WHERE user_id =
    (SELECT user_id FROM sessions LIMIT 1)`;
  expect(await found()).toEqual([]);
  await storeCrowd("172.18.0.2");
  for (let n = 0; n < CROWD; n++) await storeSession(randomUUID(), `203.0.113.${n}`);
  expect(await found()).toEqual([]);
  await forget();
});

test("a public address takes more people, and is a note; yesterday's sessions are of no account", async () => {
  await storeCrowd("203.0.113.7", 49);
  expect(await found()).toEqual([]);
  await storeCrowd("203.0.113.7", 1);
  expect(await found()).toMatchObject([{ code: "sessions.one_public_address", severity: "note" }]);
  expect(JSON.stringify(await found())).not.toContain("203.0.113.7");
  await forget();
  await storeCrowd("10.0.0.1", CROWD, new Date(Date.now() - 25 * 3_600_000));
  expect(await found()).toEqual([]);
  await forget();
});

test("sessions of many people from one address in Keycloak, while they have their own here", async () => {
  await logIn(() => "10.1.2.3", CROWD - 1);
  expect(await found()).toEqual([]);
  await endAll();
  await logIn(() => "10.1.2.3");
  const detail = `${CROWD} of ${CROWD} people, from one address: 10.1.2.3`;
  const code = "sessions.one_address_in_keycloak";
  expect(await found()).toEqual([{ code, detail, ...findingCatalogue[code] }]);
  // Only an administrator sees them.
  expect(await found({ admin: undefined } as unknown as DoctorOptions)).toEqual([]);
  // What the gateway does not know Keycloak can't know: one cause, one finding.
  await storeCrowd("10.1.2.3");
  expect((await found()).map((one) => one.code)).toEqual(["sessions.one_address"]);
  await forget();
  await endAll();
  await logIn((place) => `203.0.113.${place}`);
  expect(await found()).toEqual([]);
});
