// Tables in a schema of their own: by ?schema=, by search_path in options, and by the account's search_path; directly and
// through a pooler in transaction mode. A table of the same name in public is never read.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { openGuardDatabase, PostgresGuardRepository, shareDatabase } from "@libs/auth-guard";
import { createDatabase } from "@libs/database";
import { diagnoseDatabase, migrate } from "@libs/database/migrate";
import { openTestPooler, STACK_TIMEOUT_MS, type TestDatabase, type TestPooler, useStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { AuthClient } from "./support/auth-client.ts";
import { authctl } from "./support/authctl.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, gatewayEnv } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";

const SCHEMA = "Auth-data";
let database: TestDatabase;
let sql: SQL;
let pooler: TestPooler;
const account = `test_schema_${randomBytes(4).toString("hex")}`;

beforeAll(async () => {
  const stack = await useStack();
  database = await stack.createDatabase();
  sql = new SQL(database.url, { max: 1 });
  pooler = await openTestPooler(database.url, "transaction");
  await migrate(at({ schema: SCHEMA }));
  const name = new URL(database.url).pathname.slice(1);
  await sql.unsafe(`CREATE ROLE ${account} LOGIN SUPERUSER PASSWORD 'pass-word-1'`);
  await sql.unsafe(`ALTER ROLE ${account} IN DATABASE ${name} SET search_path = '${SCHEMA}'`);
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  await pooler?.stop();
  await sql?.unsafe(`DROP ROLE IF EXISTS ${account}`);
  await sql?.close();
});

function at(parameters: Record<string, string>, credentials: Partial<URL> = {}): string {
  const url = Object.assign(new URL(database.url), credentials);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}
const ways: [string, () => string][] = [
  ["?schema=", () => at({ schema: SCHEMA })],
  ["search_path in options", () => at({ options: `-c search_path="${SCHEMA}"` })],
  ["search_path in options, another spelling", () => at({ options: `--search-path="${SCHEMA}",pg_catalog` })],
  ["the account's search_path", () => at({}, { username: account, password: "pass-word-1" })],
];
const counts = async () => {
  const [row] = await sql.unsafe(`SELECT (SELECT count(*)::int FROM public.users) AS public,
    (SELECT count(*)::int FROM "${SCHEMA}".users) AS own`);
  return row as { public: number; own: number };
};

describe.each(ways)("%s", (_, url) => {
  test.each([
    ["directly", () => url()],
    ["through a pooler in transaction mode", () => pooler.through(url())],
  ])("%s, statements of Prisma, our own and triggers use the one schema", async (_way, address) => {
    const before = await counts();
    const prisma = createDatabase(address());
    try {
      const id = crypto.randomUUID();
      const row = { id, username: `u-${id}`, email: null, firstName: "A", lastName: "B", syncedAt: new Date() };
      await prisma.user.create({ data: row });
      expect(await prisma.user.count()).toBe(before.own + 1);
      const ofGuard = openGuardDatabase(address());
      for (const { run } of [ofGuard, shareDatabase(prisma)])
        expect(await new PostgresGuardRepository(run).findUser(id)).toMatchObject({ grants: [] });
      await ofGuard.close();
      const [counted] = await prisma.$queryRaw<{ n: number }[]>`SELECT count(*)::int AS n FROM user_count_changes`;
      expect(counted?.n).toBeGreaterThan(0);
    } finally {
      await prisma.$disconnect();
    }
    expect(await counts()).toEqual({ public: before.public, own: before.own + 1 });
  });
});

test("a gateway with its tables in a schema of their own does all of its work there", async () => {
  const stack = await useStack();
  const direct = at({ schema: SCHEMA });
  const urls = { DATABASE_URL: pooler.through(direct), DATABASE_DIRECT_URL: direct };
  const gateway = await GatewayProcess.start(gatewayEnv(stack, urls));
  try {
    const client = new AuthClient(gateway.url);
    const person = newPerson();
    expect((await client.register(person)).status).toBe(201);
    const { status, body } = await client.login(person);
    expect(status).toBe(200);
    const held = { sessionId: body.sessionId, refreshToken: body.tokens.refresh_token };
    expect((await client.refresh(held)).status).toBe(200);
    await eventually(async () => expect((await client.get("/health/ready")).body).toMatchObject({ status: "ready" }));
    const shown = await authctl(stack, ["users", "show", person.username], undefined, urls);
    expect(shown).toMatchObject({ code: 0, out: expect.stringContaining(person.username) });
    expect((await counts()).public).toBe(0);
  } finally {
    await gateway.stop();
  }
}, 60_000);

test("authctl db migrate makes the schema, and applies everything there", async () => {
  const stack = await useStack();
  const url = at({ schema: "another" });
  const migrated = await authctl(stack, ["db", "migrate"], undefined, { DATABASE_URL: url, DATABASE_DIRECT_URL: "" });
  expect(migrated).toMatchObject({ code: 0, out: expect.stringMatching(/\d+ migrations applied/) });
  const [{ n }] = await sql`SELECT count(*)::int AS n FROM pg_tables WHERE schemaname = 'another'`;
  expect(n).toBeGreaterThan(20);
});

test.each([
  [() => at({ schema: "x".repeat(64) }), "has a schema of more than 63 bytes"],
  [() => at({ schema: "one", options: "-c search_path=two" }), "names one schema in schema and others by search_path"],
])("%# what can't be meant is refused in one sentence", async (url, sentence) => {
  expect(await diagnoseDatabase(url())).toContain(sentence);
});
