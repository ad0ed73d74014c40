// What authctl says where the servers refuse it: the cause and what to do, never a stack trace, a secret or "away".
import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, type TestStack, useStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { type AuthctlTarget, authctl } from "./support/authctl.ts";

let stack: TestStack;
let target: AuthctlTarget;
let empty: { url: string; drop(): Promise<unknown> };
beforeAll(async () => {
  stack = await useStack();
  target = { ...stack, databaseUrl: (await stack.createDatabase()).url };
  const name = `${new URL(target.databaseUrl).pathname.slice(1)}_empty`;
  const sql = new SQL(target.databaseUrl, { max: 1 });
  await sql.unsafe(`CREATE DATABASE ${name}`);
  const url = Object.assign(new URL(target.databaseUrl), { pathname: `/${name}` }).href;
  empty = { url, drop: () => sql.unsafe(`DROP DATABASE ${name} WITH (FORCE)`).finally(() => sql.close()) };
}, STACK_TIMEOUT_MS);
afterAll(() => empty?.drop());

async function failure(changed: Partial<AuthctlTarget>, args: string[], environment?: Record<string, string>) {
  const { code, err } = await authctl({ ...target, ...changed }, args, undefined, environment);
  expect(code).not.toBe(0);
  expect(err).not.toMatch(/^\s+at /m);
  for (const secret of [stack.clientSecret, new URL(target.databaseUrl).password, "do-not-show"])
    expect(err).not.toContain(secret);
  return err;
}

const show = ["users", "show", "nobody@example.com"];
const changedUrl = (change: Partial<URL>) => Object.assign(new URL(target.databaseUrl), change).href;

test("the database: a wrong password, an unknown database, nothing there, no tables", async () => {
  const wrongPassword = { databaseUrl: changedUrl({ password: "do-not-show" }) };
  for (const args of [show, ["feed", "status"], ["db", "migrate"], ["sessions", "list"]])
    expect(await failure(wrongPassword, args)).toMatch(/or its password: correct both in DATABASE_(DIRECT_)?URL\b/);
  const unknown = { databaseUrl: changedUrl({ pathname: "/nosuch" }) };
  for (const args of [show, ["db", "migrate"]]) expect(await failure(unknown, args)).toContain('no database "nosuch"');
  expect(await failure({ databaseUrl: changedUrl({ port: "1" }) }, show)).toContain("Nothing listens at");
  expect(await failure({ databaseUrl: empty.url }, ["feed", "status"])).toContain("authctl db migrate adds it");
});

test("Keycloak: nothing there, another path, TLS on a plain port, no such realm", async () => {
  expect(await failure({ keycloakUrl: "http://127.0.0.1:1" }, show)).toContain("Nothing listens at 127.0.0.1:1");
  expect(await failure({ keycloakUrl: `${stack.keycloakUrl}/auth` }, show)).toContain("a path that is not Keycloak's");
  const tls = stack.keycloakUrl.replace("http:", "https:");
  expect(await failure({ keycloakUrl: tls }, show)).toContain("does not speak TLS on this port");
  expect(await failure({ realm: "nosuch" }, show)).toContain('has no realm "nosuch"');
});

test("the client: a wrong secret, an unknown one", async () => {
  const refused = "Keycloak refuses KEYCLOAK_CLIENT_ID with KEYCLOAK_CLIENT_SECRET";
  expect(await failure({ clientSecret: "do-not-show" }, show)).toContain(refused);
  expect(await failure({ clientId: "nosuch" }, show)).toContain(refused);
});

test("realm apply: a wrong administrator, a wrong path", async () => {
  const as = (password: string) => ({
    KEYCLOAK_ADMIN_USERNAME: stack.keycloakAdmin.username,
    KEYCLOAK_ADMIN_PASSWORD: password,
  });
  const args = ["realm", "apply", "--dry-run"];
  expect(await failure({}, args, as("do-not-show"))).toContain("Keycloak refuses KEYCLOAK_ADMIN_USERNAME");
  const wrongPath = { keycloakUrl: `${stack.keycloakUrl}/auth` };
  expect(await failure(wrongPath, args, as(stack.keycloakAdmin.password))).toContain("a path that is not Keycloak's");
});
