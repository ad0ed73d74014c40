// schema.prisma, the migrations and the committed dump say the same, and the database gives the guarantees that only SQL can give.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createDatabase, createRepositories, mapDatabaseError, type PrismaClient } from "@libs/database";
import { SCHEMA_DUMP_PATH, schemaDiff, schemaDump } from "@libs/database/schema";
import { STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";
import { expectedSchema, inspectSchema } from "@libs/postgres/schema-check";

let url: string;
let prisma: PrismaClient;

beforeAll(async () => {
  ({ url } = await (await useStack()).createDatabase());
  prisma = createDatabase(url);
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await prisma?.$disconnect();
});

describe("the schema", () => {
  test("a migrated database lacks nothing of schema.prisma", async () => {
    const { agrees, sql } = await schemaDiff(url);
    expect({ agrees, sql: agrees ? "" : sql }).toEqual({ agrees: true, sql: "" });
  });

  test("a change of the database is seen", async () => {
    const { url: changed } = await (await useStack()).createDatabase();
    const other = createDatabase(changed);
    await other.$executeRaw`ALTER TABLE users DROP COLUMN login_count`;
    await other.$disconnect();
    const { agrees, sql } = await schemaDiff(changed);
    expect(agrees).toBe(false);
    expect(sql).toContain('ADD COLUMN     "login_count"');
  });

  test("prisma/schema.sql is what the migrations make (else: run libs/database/src/cli/dump.ts)", async () => {
    expect(await schemaDump(url)).toBe(readFileSync(SCHEMA_DUMP_PATH, "utf8"));
  });

  test("what services check before they are ready is all of it", async () => {
    const columns = await prisma.$queryRaw<{ table: string; columns: string[] }[]>`
      SELECT table_name AS table, array_agg(column_name::text ORDER BY ordinal_position) AS columns
      FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> '_prisma_migrations' GROUP BY 1`;
    const triggers = await prisma.$queryRaw<{ name: string }[]>`
      SELECT DISTINCT trigger_name::text AS name FROM information_schema.triggers UNION
      SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal`;
    const migrations = await prisma.$queryRaw<{ name: string }[]>`
      SELECT migration_name AS name FROM _prisma_migrations ORDER BY 1`;
    expect(expectedSchema.tables).toEqual(Object.fromEntries(columns.map(({ table, columns }) => [table, columns])));
    expect(Object.keys(expectedSchema.triggers).sort()).toEqual(triggers.map(({ name }) => name).sort());
    expect(expectedSchema.migrations).toEqual(migrations.map(({ name }) => name));
    const facts = await inspectSchema(url, { expected: expectedSchema, timeoutMs: 10_000 });
    expect(facts).toMatchObject({ empty: false, missing: [], demanded: [], forbidden: [], readOnly: false });
    expect(facts.migrations).toEqual({ missing: [], unfinished: [], unknown: [] });
  });

  test("the counts of users are folded in batches, whoever writes meanwhile", async () => {
    const { url: own } = await (await useStack()).createDatabase();
    const database = createDatabase(own);
    const { reconcile } = createRepositories(database);
    const rows = async () => (await database.$queryRaw<unknown[]>`SELECT id FROM user_count_changes`).length;
    try {
      await database.$executeRaw`DELETE FROM user_count_changes`;
      await database.$executeRaw`INSERT INTO user_count_changes (live, enabled, email_verified)
        SELECT n, 1, n % 2 FROM generate_series(1, 100) AS n`;
      const counts = { live: 5_050, enabled: 100, emailVerified: 50 };
      expect([await reconcile.foldCounts(40), await rows()]).toEqual([40, 61]);
      expect(await reconcile.countUsers()).toEqual(counts);
      await Promise.all([reconcile.foldCounts(30), reconcile.foldCounts(30)]);
      expect(await reconcile.countUsers()).toEqual(counts);
      await reconcile.foldCounts(1_000);
      expect([await reconcile.foldCounts(1_000), await rows()]).toEqual([0, 1]);
      expect(await reconcile.countUsers()).toEqual(counts);
    } finally {
      await database.$disconnect();
    }
  });

  test("every time keeps its zone, and no column can hold a password", async () => {
    const columns = await prisma.$queryRaw<{ column: string; type: string }[]>`
      SELECT table_name || '.' || column_name AS column, data_type AS type FROM information_schema.columns
      WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'`;
    expect(columns.filter(({ type }) => /^(timestamp without|date$|time )/.test(type))).toEqual([]);
    expect(columns.filter(({ column }) => /password|secret|credential/i.test(column))).toEqual([]);
    expect(columns.length).toBeGreaterThan(100);
  });

  test("names are looked up by index", async () => {
    for (const [column, index] of [
      ["username", "users_username_key"],
      ["email", "users_email_key"],
    ]) {
      const [, plan] = await prisma.$transaction([
        prisma.$executeRaw`SET LOCAL enable_seqscan = off`,
        prisma.$queryRawUnsafe<Record<string, string>[]>(
          `EXPLAIN SELECT id FROM users WHERE lower(${column}) = lower('Ada') AND deleted_at IS NULL`,
        ),
      ]);
      expect(JSON.stringify(plan)).toContain(`using ${index} on users`);
    }
  });

  test.each([
    [
      "an unknown state",
      "INSERT INTO registrations (id, state, username, email, profile) VALUES ('r', 'odd', 'u', 'e', '{}')",
    ],
    ["a price below zero", "UPDATE cart_items SET unit_price_minor = -1"],
    ["an empty position", "UPDATE order_items SET quantity = 0"],
    ["an ended session that keeps a token", "UPDATE sessions SET ended_at = now(), end_reason = 'logout'"],
    ["an end without a reason", "UPDATE sessions SET ended_at = now(), access_token = NULL"],
    ["a currency of two letters", "UPDATE carts SET currency = 'EU'"],
    ["a grant to nobody", "INSERT INTO user_roles (role_id) SELECT id FROM roles"],
  ])("%s is refused", async (_, statement) => {
    await prisma.$executeRaw`INSERT INTO roles (name) VALUES ('clerk') ON CONFLICT DO NOTHING`;
    await prisma.user.upsert({
      where: { id: "u1" },
      update: {},
      create: { id: "u1", username: "u1", syncedAt: new Date() },
    });
    const times = { tokenExpiresAt: new Date(), startedAt: new Date(), lastSeenAt: new Date() };
    const session = { sessionId: "s1", userId: "u1", keycloakSessionId: "k1", accessToken: "sealed", ...times };
    await prisma.session.upsert({ where: { sessionId: "s1" }, update: {}, create: session });
    const item = { sku: "sku", name: "Pen", quantity: 1, unitPriceMinor: 199n };
    await prisma.order.create({ data: { userId: "u1", currency: "EUR", totalMinor: 199n, items: { create: item } } });
    await prisma.cart.create({ data: { userId: "u1", currency: "EUR", items: { create: item } } });
    const refused = await prisma.$executeRawUnsafe(statement).then(() => undefined, mapDatabaseError);
    expect(refused).toMatchObject({ name: "StatementRefusedError", sqlState: "23514" });
  });

  test("a role is granted once for each grantee and scope", async () => {
    await prisma.$executeRaw`INSERT INTO roles (name) VALUES ('owner') ON CONFLICT DO NOTHING`;
    const grant = (email: string) =>
      prisma.$executeRaw`INSERT INTO user_roles (grantee_email, role_id) SELECT ${email}, id FROM roles WHERE name = 'owner'`;
    await grant("first@example.test");
    await grant("second@example.test");
    expect(await grant("FIRST@example.test").then(() => undefined, mapDatabaseError)).toMatchObject({
      constraint: "user_roles_grant_key",
    });
  });
});
