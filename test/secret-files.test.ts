// Secrets from files, as Docker and Kubernetes mount them: taken at the start, and followed while the process runs.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { STACK_TIMEOUT_MS, type TestRealm, type TestStack, useStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { AuthClient } from "./support/auth-client.ts";
import { authctl } from "./support/authctl.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, gatewayEnv, ordersEnv, stopGateways } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { realmAdmin } from "./support/realm-admin.ts";
import { SecretFolder } from "./support/secret-folder.ts";
import { logInAtBoth, type TwoServices } from "./support/whole-journey.ts";

const WITHIN_MS = 15_000;
const newKey = (id: string) => `${id}:${randomBytes(32).toString("base64")}`;
const role = `test_${randomBytes(6).toString("hex")}`;
const otherRole = `${role}_b`;

let stack: TestStack;
let realm: TestRealm;
let databaseUrl: string;
let sql: SQL;
let folder: SecretFolder;
let services: TwoServices;
let client: AuthClient;
let keys: string;

const asRole = (password: string, name = role, url = databaseUrl) =>
  Object.assign(new URL(url), { username: name, password }).href;

beforeAll(async () => {
  stack = await useStack();
  realm = await stack.createRealm();
  databaseUrl = (await stack.createDatabase()).url;
  sql = new SQL(databaseUrl, { max: 1 });
  for (const name of [role, otherRole])
    await sql.unsafe(`CREATE ROLE ${name} LOGIN SUPERUSER PASSWORD 'first-password'`);
  keys = newKey("a");
  folder = new SecretFolder({
    KEYCLOAK_CLIENT_SECRET: realm.clientSecret,
    DATABASE_URL: asRole("first-password"),
    TOKEN_ENCRYPTION_KEYS: keys,
    METRICS_TOKEN: "first-metrics-token",
  });
  const target = { ...stack, ...realm, databaseUrl };
  const [gateway, orders] = await Promise.all([
    GatewayProcess.start(gatewayEnv(target, folder.environment)),
    GatewayProcess.start(ordersEnv(target, folder.environment), "orders"),
  ]);
  services = { gateway, orders };
  client = new AuthClient(gateway.url);
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await stopGateways();
  folder?.remove();
  for (const name of [role, otherRole]) {
    // What the services made in the database is theirs.
    await sql?.unsafe(`REASSIGN OWNED BY ${name} TO CURRENT_USER`);
    await sql?.unsafe(`DROP ROLE ${name}`);
  }
  await sql?.close();
});

const linesAbout = (variable: string) => services.gateway.entries().filter((entry) => entry.variable === variable);

/** A log line of both processes that was not there before. */
async function takenAgain(variable: string): Promise<void> {
  const both = variable === "DATABASE_URL" || variable === "METRICS_TOKEN";
  for (const service of both ? [services.gateway, services.orders] : [services.gateway]) {
    await service.logged((entry) => entry.variable === variable && String(entry.msg).includes("re-read"));
  }
}

test("a login at both services, with every secret in a file", async () => {
  await logInAtBoth(services);
});

test("a client secret that was regenerated in Keycloak is taken up from its file", async () => {
  const person = newPerson();
  expect((await client.register(person)).status).toBe(201);
  const admin = await realmAdmin({ ...stack, ...realm });
  const [found] = await admin.clients.find({ clientId: realm.clientId });
  const { value = "" } = await admin.clients.generateNewClientSecret({ id: found?.id ?? "" });
  expect((await client.login(person)).status).toBe(502);
  folder.swap({ KEYCLOAK_CLIENT_SECRET: value });
  await eventually(async () => expect((await client.login(person)).status).toBe(200), WITHIN_MS);
  await takenAgain("KEYCLOAK_CLIENT_SECRET");
  // Registration speaks as the service account.
  await logInAtBoth(services);
});

describe("the database's password", () => {
  const connections = async () => {
    const rows = await sql`SELECT usename, application_name AS name FROM pg_stat_activity
      WHERE usename IN (${role}, ${otherRole}) AND datname = current_database()`;
    return [...rows] as { usename: string; name: string }[];
  };
  const cutAll = () => sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE usename IN (${role}, ${otherRole}) AND datname = current_database()`;
  const everyone = [
    "keycloak-sync-gateway",
    "keycloak-sync-gateway limits",
    "keycloak-sync-gateway-jobs",
    "guard-changes",
    "orders",
  ];
  /** Every pool and every connection that listens is back, and both services work. */
  const allBackAs = (name: string) =>
    eventually(async () => {
      await logInAtBoth(services);
      const found = (await connections()).filter(({ usename }) => usename === name).map((each) => each.name);
      expect(found).toEqual(expect.arrayContaining(everyone));
      // Two services listen for guards; pg-boss has a connection that listens beside its pool.
      expect(found.filter((each) => each === "guard-changes").length).toBe(2);
      for (const { url } of [services.gateway, services.orders])
        expect(await (await fetch(`${url}/health/ready`)).json()).not.toHaveProperty("problems");
    }, 40_000);

  test("that was changed is taken up by every pool and every connection", async () => {
    const person = newPerson();
    expect((await client.register(person)).status).toBe(201);
    await sql.unsafe(`ALTER ROLE ${role} PASSWORD 'second-password'`);
    await cutAll();
    await eventually(async () => expect((await client.login(person)).status).toBe(503), WITHIN_MS);
    folder.swap({ DATABASE_URL: asRole("second-password") });
    await takenAgain("DATABASE_URL");
    await allBackAs(role);
    await eventually(async () => {
      const listening = await sql`SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = ${role}
        AND application_name = 'keycloak-sync-gateway-jobs' AND query ILIKE 'LISTEN%'`;
      expect(listening[0].n).toBeGreaterThanOrEqual(1);
    }, WITHIN_MS);
  }, 120_000);

  test("and its user, as vaults that make users for a time do", async () => {
    const before = linesAbout("DATABASE_URL").length;
    folder.swap({ DATABASE_URL: asRole("first-password", otherRole) });
    await eventually(() => expect(linesAbout("DATABASE_URL").length).toBe(before + 1), WITHIN_MS);
    await sql.unsafe(`ALTER ROLE ${role} NOLOGIN`);
    await cutAll();
    await allBackAs(otherRole);
  }, 120_000);

  test("but no other database, and nothing that is none: the one of before stays, with one line", async () => {
    for (const [value, reason] of [
      [
        asRole("first-password", otherRole, Object.assign(new URL(databaseUrl), { pathname: "/elsewhere" }).href),
        "restart to use that",
      ],
      ["mysql://do-not-show", "names MySQL"],
    ] as const) {
      const before = linesAbout("DATABASE_URL").length;
      folder.swap({ DATABASE_URL: value });
      await eventually(() => expect(linesAbout("DATABASE_URL").length).toBe(before + 1), WITHIN_MS);
      expect(linesAbout("DATABASE_URL").at(-1)).toMatchObject({
        level: "error",
        rule: expect.stringContaining(reason),
      });
      await logInAtBoth(services);
    }
    folder.swap({ DATABASE_URL: asRole("first-password", otherRole) });
  }, 60_000);
});

test("a new key of the ring opens and seals at once; a broken ring changes nothing", async () => {
  const before = await logInAtBoth(services);
  const keyOf = async (sessionId: string) => {
    const [row] = await sql`SELECT access_token AS sealed FROM sessions WHERE session_id = ${sessionId}`;
    return String(row.sealed).split(".")[1];
  };
  expect(await keyOf(before.sessionId)).toBe("a");
  folder.swap({ TOKEN_ENCRYPTION_KEYS: `${newKey("b")},${keys}` });
  await takenAgain("TOKEN_ENCRYPTION_KEYS");
  expect(await keyOf((await logInAtBoth(services)).sessionId)).toBe("b");
  const { sessionId, tokens } = before;
  const refreshed = await client.refresh({ sessionId, refreshToken: tokens.refresh_token });
  expect(refreshed.status).toBe(200);
  // The same token again is answered from what is stored.
  expect((await client.refresh({ sessionId, refreshToken: tokens.refresh_token })).status).toBe(200);
  folder.overwrite("TOKEN_ENCRYPTION_KEYS", "b:do-not-show");
  const refused = await services.gateway.logged((entry) => String(entry.rule).includes("key b is"));
  expect(refused).toMatchObject({ level: "error", variable: "TOKEN_ENCRYPTION_KEYS" });
  expect(await keyOf((await logInAtBoth(services)).sessionId)).toBe("b");
});

test("the metrics token of both services", async () => {
  const scrape = async (url: string, token: string) =>
    (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).status;
  const urls = [services.gateway.url, services.orders.url];
  for (const url of urls) expect(await scrape(url, "first-metrics-token")).toBe(200);
  folder.overwrite("METRICS_TOKEN", "second-metrics-token\n");
  await takenAgain("METRICS_TOKEN");
  for (const url of urls) {
    expect(await scrape(url, "second-metrics-token")).toBe(200);
    expect(await scrape(url, "first-metrics-token")).toBe(401);
  }
});

test("authctl takes its secrets from files", async () => {
  const mounted = new SecretFolder({
    KEYCLOAK_CLIENT_SECRET: stack.clientSecret,
    DATABASE_URL: databaseUrl,
    TOKEN_ENCRYPTION_KEYS: keys,
    KEYCLOAK_ADMIN_PASSWORD: stack.keycloakAdmin.password,
  });
  const environment = {
    ...mounted.environment,
    KEYCLOAK_ADMIN_USERNAME: stack.keycloakAdmin.username,
    KEYCLOAK_SSL_REQUIRED: "none",
  };
  const target = { ...stack, databaseUrl: "", clientSecret: "", tokenEncryptionKeys: "" };
  for (const args of [
    ["db", "migrate"],
    ["realm", "apply", "--dry-run"],
    ["feed", "status"],
  ])
    expect(await authctl(target, args, undefined, environment)).toMatchObject({ code: 0 });
  const both = await authctl(target, ["db", "migrate"], undefined, { ...environment, DATABASE_URL: databaseUrl });
  expect(both).toMatchObject({
    code: 2,
    err: expect.stringContaining("DATABASE_URL_FILE and DATABASE_URL are both given"),
  });
  mounted.remove();
  const missing = await authctl(target, ["db", "migrate"], undefined, environment);
  expect(missing).toMatchObject({ code: 2, err: "authctl: DATABASE_URL_FILE names a file that does not exist\n" });
});

test("what a program of its own takes from the environment", async () => {
  const program = `
    import { PrismaClient } from "@libs/database";
    import { openGuard } from "@libs/auth-guard";
    const guard = openGuard();
    const prisma = new PrismaClient();
    const [row] = await prisma.$queryRaw\`SELECT current_user AS name\`;
    console.log(row.name);
    await prisma.$disconnect();
    await guard.close();
  `;
  const { PATH = "", HOME = "" } = process.env;
  const env = { ...gatewayEnv({ ...stack, ...realm, databaseUrl }), ...folder.environment };
  const cwd = `${import.meta.dir}/..`;
  const child = Bun.spawn([process.execPath, "-e", program], { cwd, env: { PATH, HOME, ...env }, stdout: "pipe" });
  expect(await child.stdout.text()).toBe(`${otherRole}\n`);
  expect(await child.exited).toBe(0);
});

test("a fault of a file ends the start: every one by name, none by content", async () => {
  const mounted = new SecretFolder({
    DATABASE_URL: "mysql://do-not-show",
    TOKEN_ENCRYPTION_KEYS: "do-not-show",
    METRICS_TOKEN: " ",
  });
  const gateway = GatewayProcess.spawn({
    ...gatewayEnv({ ...stack, ...realm, databaseUrl }),
    ...mounted.environment,
    KEYCLOAK_CLIENT_SECRET_FILE: mounted.path("nosuch"),
  });
  expect(await gateway.exited).toBe(1);
  for (const fault of [
    "KEYCLOAK_CLIENT_SECRET_FILE: and KEYCLOAK_CLIENT_SECRET are both given",
    "DATABASE_URL_FILE: names a file whose content can't be used",
    "TOKEN_ENCRYPTION_KEYS_FILE: names a file whose content can't be used",
    "METRICS_TOKEN_FILE: names an empty file",
    "The configuration has 4 faults",
  ])
    expect(gateway.output).toContain(fault);
  expect(gateway.output).not.toContain("do-not-show");
  mounted.remove();
});
