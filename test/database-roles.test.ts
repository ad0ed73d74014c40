// The accounts of docs/operations.md, made by its own statements: each can do its part, and no more.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openGuard } from "@libs/auth-guard";
import { STACK_TIMEOUT_MS, type TestStack, useStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { AuthClient } from "./support/auth-client.ts";
import { authctl } from "./support/authctl.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, gatewayEnv } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";

const end = randomBytes(4).toString("hex");
const roles = { migrator: `test_migrator_${end}`, gateway: `test_gateway_${end}`, guard: `test_guard_${end}` };
const PASSWORD = "pass-word-1";
let stack: TestStack;
let server: SQL;
let name: string;
let statements: string[];

/** Those between one heading and the next, with the names of this test. */
function documented(): string[] {
  const page = readFileSync(join(import.meta.dir, "../docs/operations.md"), "utf8");
  const section = page.slice(page.indexOf("**Separate accounts.**"), page.indexOf("**A separate schema.**"));
  return [...section.matchAll(/```sql\n(.*?)```/gs)].map(([, sql = ""]) =>
    sql
      .replace(/\b(migrator|gateway|guard)\b/g, (role) => roles[role as keyof typeof roles])
      .replace(/ON DATABASE app/g, `ON DATABASE "${name}"`)
      .replaceAll("'…'", `'${PASSWORD}'`),
  );
}
const urlOf = (role: keyof typeof roles | undefined): string => {
  const account = role && { username: roles[role], password: PASSWORD };
  return Object.assign(new URL(stack.databaseUrl), { pathname: `/${name}`, ...account }).href;
};
async function run(role: keyof typeof roles | undefined, sql: string): Promise<void> {
  await using connection = new SQL(urlOf(role), { max: 1 });
  await connection.unsafe(sql);
}

beforeAll(async () => {
  stack = await useStack();
  server = new SQL(stack.databaseUrl, { max: 1 });
  name = `${new URL(stack.databaseUrl).pathname.slice(1)}_roles`;
  await server.unsafe(`CREATE DATABASE "${name}"`);
  statements = documented();
  expect(statements).toHaveLength(2);
  await run(undefined, statements[0] ?? "");
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  await server?.unsafe(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
  for (const role of Object.values(roles)) await server?.unsafe(`DROP ROLE IF EXISTS ${role}`);
  await server?.close();
});

test("the migrator migrates, the gateway serves, and neither may do the other's work", async () => {
  const direct = { DATABASE_DIRECT_URL: "" };
  const migrate = (role: keyof typeof roles) =>
    authctl(stack, ["db", "migrate"], undefined, { DATABASE_URL: urlOf(role), ...direct });
  expect(await migrate("gateway")).toMatchObject({ code: 1, err: expect.stringContaining("no right to do this") });
  expect(await migrate("migrator")).toMatchObject({ code: 0 });
  await run("migrator", statements[1] ?? "");
  const gateway = await GatewayProcess.start(gatewayEnv(stack, { DATABASE_URL: urlOf("gateway"), ...direct }));
  try {
    const client = new AuthClient(gateway.url);
    await eventually(async () => expect((await client.get("/health/ready")).body).toMatchObject({ status: "ready" }));
    const person = newPerson();
    expect((await client.register(person)).status).toBe(201);
    const { status, body } = await client.login(person);
    expect(status).toBe(200);
    const held = { sessionId: body.sessionId, refreshToken: body.tokens.refresh_token };
    const refreshed = await client.refresh(held);
    expect(refreshed.status).toBe(200);
    await guarded(body.sessionId, refreshed.body.tokens.access_token);
  } finally {
    await gateway.stop();
  }
  // An operator's commands need no more than the gateway.
  for (const command of ["sync", "verify", "repair"]) {
    const yes = command === "repair" ? ["--yes"] : [];
    const ran = await authctl(stack, ["users", command, ...yes], undefined, {
      DATABASE_URL: urlOf("gateway"),
      ...direct,
    });
    expect(ran).toMatchObject({ code: 0 });
  }
  await expect(run("gateway", "CREATE TABLE public.mine ()")).rejects.toThrow(/permission denied/);
  await expect(run("gateway", "DROP TABLE users")).rejects.toThrow(/must be owner/);
}, 120_000);

/** A service with the guard's account finds whose token it is, and may write nothing. */
async function guarded(sessionId: string, token: string): Promise<void> {
  const { keycloakUrl: url, realm, clientId, issuer } = stack;
  const guard = openGuard({ url, realm, clientId, issuer, databaseUrl: urlOf("guard") });
  try {
    await guard.configuration?.passedOnce;
    expect(await guard.authenticate(`Bearer ${token}`)).toMatchObject({ session: { id: sessionId } });
  } finally {
    await guard.close();
  }
  await expect(run("guard", "UPDATE users SET enabled = false")).rejects.toThrow(/permission denied/);
  await expect(run("guard", "SELECT * FROM spent_refresh_tokens")).rejects.toThrow(/permission denied/);
}
