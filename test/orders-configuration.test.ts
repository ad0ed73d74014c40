// A guarded service with a wrong configuration is never ready and says why; what breaks later is named and keeps it in.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, type TestRealm, type TestStack, useStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, ordersEnv, stopGateways } from "./support/gateway-process.ts";
import { realmAdmin } from "./support/realm-admin.ts";
import { RealmEditor } from "./support/realm-editor.ts";
import { expectMended, expectNeverReady, kindsOf, problemLines, readyOf } from "./support/wrong-configuration.ts";

/** Far above the 15 s that the product takes on a machine that is not busy: those are reported, not asserted. */
const LIMIT_MS = 60_000;

let stack: TestStack;
let realm: TestRealm;
let edit: RealmEditor;
let sql: SQL;
let elsewhere: Bun.Server<undefined>;

beforeAll(async () => {
  const shared = await useStack();
  realm = await shared.createRealm();
  const { url: databaseUrl } = await shared.createDatabase();
  stack = { ...shared, ...realm, databaseUrl };
  edit = new RealmEditor(await realmAdmin(stack), realm);
  sql = new SQL(databaseUrl, { max: 1 });
  elsewhere = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("<h1>It works!</h1>") });
}, STACK_TIMEOUT_MS);

afterEach(stopGateways);
afterAll(async () => {
  await elsewhere?.stop(true);
  await sql?.close();
  await realm?.drop();
});

const start = (overrides: Record<string, string> = {}) => GatewayProcess.start(ordersEnv(stack, overrides), "orders");
const database = (change: (url: URL) => void) => {
  const url = new URL(stack.databaseUrl);
  change(url);
  return { DATABASE_URL: url.href };
};

describe("in the service's variables", () => {
  const rows: [string, () => Record<string, string>, string[]][] = [
    ["another realm", () => ({ KEYCLOAK_REALM: "master", KEYCLOAK_ISSUER: "" }), ["client.unknown"]],
    ["a realm that is not there", () => ({ KEYCLOAK_REALM: "nowhere" }), ["keycloak.realm_missing"]],
    ["a client that is not there", () => ({ KEYCLOAK_CLIENT_ID: "nobody" }), ["client.unknown"]],
    [
      "another issuer",
      () => ({ KEYCLOAK_ISSUER: "https://login.example.test/realms/app" }),
      ["keycloak.issuer_mismatch"],
    ],
    ["the address of another web server", () => ({ KEYCLOAK_URL: elsewhere.url.origin }), ["keycloak.not_keycloak"]],
    [
      "a path that Keycloak does not have",
      () => ({ KEYCLOAK_URL: `${stack.keycloakUrl}/auth` }),
      ["keycloak.not_keycloak"],
    ],
    ["a Keycloak that is not there", () => ({ KEYCLOAK_URL: "http://127.0.0.1:1" }), ["keycloak.unreachable"]],
    [
      "a database that is not there",
      () => database((url) => Object.assign(url, { pathname: "/nowhere" })),
      ["database.unknown"],
    ],
    [
      "another password",
      () => database((url) => Object.assign(url, { password: "not-the-pass-word" })),
      ["database.password_wrong"],
    ],
    ["an empty database", () => database((url) => Object.assign(url, { pathname: "/template1" })), ["database.empty"]],
  ];
  test.each(rows)("%s", async (_, overrides, kinds) => {
    await expectNeverReady(await start(overrides()), kinds, [new URL(stack.databaseUrl).password, "not-the-pass-word"]);
  });
});

const last = "(SELECT max(migration_name) FROM _prisma_migrations)";
const mended: Record<string, { plant: () => Promise<unknown>; kind: string; undo: () => Promise<unknown> }> = {
  "the client is disabled": {
    plant: () => edit.changeClient({ enabled: false }),
    kind: "client.unknown",
    undo: () => edit.changeClient({ enabled: true }),
  },
  "a migration is missing": {
    plant: () => sql.unsafe(`UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = ${last}`),
    kind: "database.migrations_missing",
    undo: () => sql.unsafe("UPDATE _prisma_migrations SET rolled_back_at = NULL"),
  },
  "a column of its own is not there": {
    plant: () => sql.unsafe("ALTER TABLE orders RENAME COLUMN placed_at TO gone"),
    kind: "database.schema_incomplete",
    undo: () => sql.unsafe("ALTER TABLE orders RENAME COLUMN gone TO placed_at"),
  },
};

describe("around it", () => {
  for (const [what, { plant, kind, undo }] of Object.entries(mended)) {
    test(`${what}, and ready when that is mended`, async () => {
      await plant();
      const orders = await start();
      await expectNeverReady(orders, [kind]);
      await undo();
      await expectMended(orders);
    }, 40_000);
  }

  test("a table that only others need keeps nobody back", async () => {
    await sql.unsafe("ALTER TABLE sync_runs RENAME TO gone");
    await expectMended(await start());
    await sql.unsafe("ALTER TABLE gone RENAME TO sync_runs");
  });

  test("the permissions are made known once the table for them is there", async () => {
    await sql.unsafe("ALTER TABLE permissions RENAME TO gone");
    const orders = await start();
    await expectNeverReady(orders, ["database.schema_incomplete"]);
    await sql.unsafe("ALTER TABLE gone RENAME TO permissions; DELETE FROM permissions");
    await expectMended(orders);
    await eventually(async () => expect(await sql`SELECT name FROM permissions`).not.toBeEmpty());
  }, 40_000);

  test(
    "what breaks while it runs is named, and gone when it is mended",
    async () => {
      const orders = await start();
      await expectMended(orders);
      for (const { plant, kind, undo } of Object.values(mended)) {
        await plant();
        const since = performance.now();
        await eventually(async () => {
          const ready = await readyOf(orders);
          expect(ready.status).toBe(200);
          expect(kindsOf(ready)).toEqual([kind]);
        }, LIMIT_MS);
        const namedMs = performance.now() - since;
        expect(problemLines(orders, kind)).toHaveLength(1);
        expect(await orders.metrics()).toContain(`config_problem{kind="${kind}"} 1`);
        await undo();
        await expectMended(orders, LIMIT_MS);
        console.info(`orders, ${kind}: named after ${Math.round(namedMs)} ms`);
      }
    },
    6 * LIMIT_MS,
  );
});
