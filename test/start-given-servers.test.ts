// `bun run start` on given servers ends with "ready" only where a login works.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { freePorts, STACK_TIMEOUT_MS, type TestRealm, type TestStack, useStack } from "@libs/dev-stack";
import { AuthClient } from "./support/auth-client.ts";
import { newPerson } from "./support/person.ts";
import { realmAdmin } from "./support/realm-admin.ts";
import { givenServers, StartCommand } from "./support/start-command.ts";

const frontend = "http://id.example.test/sso";
let stack: TestStack;
let realm: TestRealm;
let databaseUrl: string;
let started: StartCommand | undefined;
beforeAll(async () => {
  stack = await useStack();
  realm = await stack.createRealm({}, " my shop ü");
  databaseUrl = (await stack.createDatabase()).url;
  const admin = await realmAdmin({ ...stack, realm: realm.realm });
  const found = await admin.realms.findOne({ realm: realm.realm });
  await admin.realms.update({ realm: realm.realm }, { attributes: { ...found?.attributes, frontendUrl: frontend } });
}, STACK_TIMEOUT_MS);
afterAll(() => started?.stop());

const given = () => ({
  ...givenServers(stack, databaseUrl),
  KEYCLOAK_REALM: realm.realm,
});

test("an issuer that is none of the addresses is discovered, in a realm with blanks and umlauts", async () => {
  const port = freePorts(1)[0];
  started = new StartCommand({ ...given(), PORT: String(port) });
  await started.written("ready on port");
  expect(started.output).toContain(`Gateway: ready on port ${port}`);
  const client = new AuthClient(`http://127.0.0.1:${port}`);
  const person = newPerson();
  expect((await client.register(person)).status).toBe(201);
  expect((await client.login(person)).status).toBe(200);
  expect(await started.stop()).toMatchObject({ code: 0 });
  started = undefined;
});

test("another key ring than the database's: the gateway's own problem, with what to do, instead of a time-out", async () => {
  const TOKEN_ENCRYPTION_KEYS = `other:${randomBytes(32).toString("base64")}`;
  started = new StartCommand({ ...given(), PORT: String(freePorts(1)[0]), TOKEN_ENCRYPTION_KEYS });
  const { code, output } = await started.ended();
  started = undefined;
  expect(code).toBe(1);
  expect(output).toContain("The gateway is not ready:\n  keys.unknown: ");
  expect(output).toContain("put the key back");
  expect(output).not.toMatch(/^\s+at /m);
  expect(output).not.toContain(TOKEN_ENCRYPTION_KEYS);
});

test("KEYCLOAK_ISSUER that the realm does not name is refused, with what it names", async () => {
  const wrong = `http://id.example.test/realms/${randomBytes(4).toString("hex")}`;
  started = new StartCommand({ ...given(), PORT: String(freePorts(1)[0]), KEYCLOAK_ISSUER: wrong });
  const { code, output } = await started.ended();
  started = undefined;
  expect(code).toBe(1);
  expect(output).toContain(`the realm's tokens name ${frontend}/realms/${encodeURIComponent(realm.realm)}`);
  expect(output).not.toContain("ready on port");
});
