// A gateway on a wrong database, or with other keys than what is stored there, is never ready and says why.
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { randomBytes, randomUUID } from "node:crypto";
import { STACK_TIMEOUT_MS, type TestStack, useStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { AuthClient } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, gatewayEnv, stopGateways } from "./support/gateway-process.ts";
import { createAccount, dropAccount } from "./support/least-rights.ts";
import { newPerson } from "./support/person.ts";
import { expectMended, expectNeverReady, kindsOf, problemLines, readyOf } from "./support/wrong-configuration.ts";

let stack: TestStack;
let sql: SQL;

beforeAll(async () => {
  stack = await useStack();
}, STACK_TIMEOUT_MS);

beforeEach(async () => {
  const { url: databaseUrl } = await stack.createDatabase();
  stack = { ...stack, databaseUrl };
  sql = new SQL(databaseUrl, { max: 1 });
});

afterEach(async () => {
  await stopGateways();
  await sql.close();
});

const start = (overrides: Record<string, string> = {}) => GatewayProcess.start(gatewayEnv(stack, overrides));
const databaseName = () => new URL(stack.databaseUrl).pathname.slice(1);
const address = (change: (url: URL) => void) => {
  const url = new URL(stack.databaseUrl);
  change(url);
  return { DATABASE_URL: url.href };
};

describe("the address", () => {
  const rows: [string, (url: URL) => void, string][] = [
    ["another password", (url) => Object.assign(url, { password: "not-the-pass-word" }), "database.password_wrong"],
    ["an account that is not there", (url) => Object.assign(url, { username: "nobody" }), "database.password_wrong"],
    ["no password", (url) => Object.assign(url, { password: "" }), "database.password_wrong"],
    ["a database that is not there", (url) => Object.assign(url, { pathname: "/nowhere" }), "database.unknown"],
    ["an empty database", (url) => Object.assign(url, { pathname: "/template1" }), "database.empty"],
    ["a port where nobody listens", (url) => Object.assign(url, { port: "1" }), "database.unreachable"],
    ["a host that is not there", (url) => Object.assign(url, { hostname: "nowhere.invalid" }), "database.unreachable"],
    ["a web server", (url) => Object.assign(url, { port: new URL(stack.keycloakUrl).port }), "database.not_postgres"],
    ["TLS where there is none", (url) => url.searchParams.set("sslmode", "require"), "database.tls"],
  ];
  test.each(rows)("%s", async (_, change, kind) => {
    const gateway = await start(address(change));
    await expectNeverReady(gateway, [kind], [new URL(stack.databaseUrl).password, "not-the-pass-word"]);
  });

  test("an account that may not read the tables", async () => {
    const account = `test_account_${randomBytes(4).toString("hex")}`;
    await sql.unsafe(`CREATE ROLE ${account} LOGIN PASSWORD 'pass-word-1'`);
    try {
      await sql.unsafe(`GRANT CREATE ON DATABASE ${databaseName()} TO ${account}`);
      const gateway = await start(address((url) => Object.assign(url, { username: account, password: "pass-word-1" })));
      await expectNeverReady(gateway, ["database.no_rights"], ["pass-word-1"]);
      await gateway.stop();
    } finally {
      await sql.unsafe(`DROP OWNED BY ${account} CASCADE`);
      await sql.unsafe(`DROP ROLE ${account}`);
    }
  });

  test("an account that lacks one right", async () => {
    const account = await createAccount(sql, databaseName());
    const own = address((url) => Object.assign(url, account));
    const lacking: [string, string][] = [
      ["DELETE ON sessions", "sessions (DELETE)"],
      ["UPDATE ON change_notices", "change_notices (UPDATE)"],
      ["INSERT ON keycloak_logouts", "keycloak_logouts (INSERT)"],
      ["SELECT, DELETE ON user_count_changes", "user_count_changes (DELETE, SELECT)"],
      ["USAGE ON SEQUENCE change_notices_id_seq", "sequence change_notices_id_seq (USAGE)"],
      ["USAGE ON SEQUENCE keycloak_read_tickets", "sequence keycloak_read_tickets (USAGE)"],
    ];
    try {
      for (const [right] of lacking) await sql.unsafe(`REVOKE ${right} FROM ${account.username}`);
      const gateway = await start(own);
      await expectNeverReady(gateway, ["database.no_rights"], [account.password]);
      const details = problemLines(gateway, "database.no_rights").map(({ detail }) => detail);
      const named = lacking.map(([, name]) => name).sort();
      expect(details).toEqual([`${named.slice(0, 5).join(", ")}, 1 more`]);
      for (const [right] of lacking) await sql.unsafe(`GRANT ${right} TO ${account.username}`);
      await expectMended(gateway);
      await gateway.stop();
    } finally {
      await dropAccount(sql, account);
    }
  }, 40_000);

  test("an account that has the rights of the check and no others does all that the gateway does", async () => {
    const account = await createAccount(sql, databaseName());
    try {
      const gateway = await start({
        ...address((url) => Object.assign(url, account)),
        SWEEP_INTERVAL_MS: "500",
      });
      await expectMended(gateway);
      const client = new AuthClient(gateway.url);
      const person = newPerson();
      expect((await client.post("/auth/register", person, { "idempotency-key": randomUUID() })).status).toBe(201);
      expect((await client.login({ ...person, password: "not-it" })).status).toBe(401);
      const login = await client.login(person);
      expect(login.status).toBe(200);
      const { sessionId, tokens } = login.body;
      const refreshed = await client.refresh({ sessionId, refreshToken: tokens.refresh_token });
      expect(refreshed.status).toBe(200);
      const ended = await client.logout({ sessionId, refreshToken: refreshed.body.tokens.refresh_token });
      expect(ended.status).toBe(200);
      // Its pruning begins with the process, and the feed and the reconciliation have begun by then.
      await eventually(async () => {
        const [{ notices, leases }] = await sql`SELECT (SELECT count(*)::int FROM feed_seen_events) AS notices,
          (SELECT count(*)::int FROM leases) AS leases`;
        expect({ notices: notices > 0, leases: leases > 0 }).toEqual({ notices: true, leases: true });
      }, 20_000);
      await gateway.stop();
      expect(gateway.output).not.toContain("42501");
      expect(gateway.output).not.toContain("permission denied");
    } finally {
      await dropAccount(sql, account);
    }
  }, 60_000);

  test("a database that only reads", async () => {
    await sql.unsafe(`ALTER DATABASE ${databaseName()} SET default_transaction_read_only = on`);
    const gateway = await start();
    await expectNeverReady(gateway, ["database.read_only"]);
    await sql.unsafe(`ALTER DATABASE ${databaseName()} RESET default_transaction_read_only`);
    await eventually(async () => expect(kindsOf(await readyOf(gateway))).not.toContain("database.read_only"), 20_000);
  });
});

const last = "(SELECT max(migration_name) FROM _prisma_migrations)";
const later = "29990101000000_later";
const laterApplied = `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name)
  VALUES ('later', 'x', now(), '${later}')`;

describe("the schema", () => {
  const rows: Record<string, { plant: string; kinds: string[]; undo: string }> = {
    "a migration is missing": {
      plant: `UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = ${last}`,
      kinds: ["database.migrations_missing"],
      undo: "UPDATE _prisma_migrations SET rolled_back_at = NULL",
    },
    "a migration has begun and not ended": {
      plant: `UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = ${last}`,
      kinds: ["database.migration_failed"],
      undo: "UPDATE _prisma_migrations SET finished_at = now()",
    },
    "one of its own has failed beside one of a newer program": {
      plant: `UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = ${last}; ${laterApplied}`,
      kinds: ["database.migration_failed", "database.migrations_newer"],
      undo: "DELETE FROM _prisma_migrations WHERE id = 'later'; UPDATE _prisma_migrations SET finished_at = now()",
    },
    "a newer program took away what this one needs": {
      plant: `${laterApplied}; ALTER TABLE sessions RENAME COLUMN refresh_fence TO fence`,
      kinds: ["database.migrations_newer", "database.schema_incomplete"],
      undo: "ALTER TABLE sessions RENAME COLUMN fence TO refresh_fence; DELETE FROM _prisma_migrations WHERE id = 'later'",
    },
    "a newer program demands what this one does not know": {
      plant: `${laterApplied}; ALTER TABLE users ADD COLUMN tenant text NOT NULL`,
      kinds: ["database.migrations_newer", "database.columns_demanded"],
      undo: "ALTER TABLE users DROP COLUMN tenant; DELETE FROM _prisma_migrations WHERE id = 'later'",
    },
    "a table is not there, whatever the migrations say": {
      plant: "ALTER TABLE idempotency_keys RENAME TO gone",
      kinds: ["database.schema_incomplete"],
      undo: "ALTER TABLE gone RENAME TO idempotency_keys",
    },
    "nobody notifies guards of sessions that end": {
      plant: "ALTER TABLE sessions DISABLE TRIGGER USER",
      kinds: ["database.schema_incomplete"],
      undo: "ALTER TABLE sessions ENABLE TRIGGER USER",
    },
    "the tables are in a schema that is not on the path": {
      plant: `ALTER SCHEMA public RENAME TO shop`,
      kinds: ["database.schema_not_visible"],
      undo: "ALTER SCHEMA shop RENAME TO public",
    },
  };
  for (const [what, { plant, kinds, undo }] of Object.entries(rows)) {
    test(`${what}, and ready when that is mended`, async () => {
      await sql.unsafe(plant);
      const gateway = await start();
      await expectNeverReady(gateway, kinds);
      await sql.unsafe(undo);
      await expectMended(gateway);
    }, 40_000);
  }

  test("a newer program's migration that runs, or has failed, keeps nobody back", async () => {
    await sql.unsafe(`${laterApplied}; UPDATE _prisma_migrations SET finished_at = NULL WHERE id = 'later'`);
    const ready = await readyOf(await start());
    expect({ status: ready.status, kinds: kindsOf(ready) }).toEqual({
      status: 200,
      kinds: ["database.migrations_newer"],
    });
  });

  test("one that is only newer is named, and keeps nobody back: old replicas restart while new ones roll out", async () => {
    await sql.unsafe(`${laterApplied}; ALTER TABLE users ADD COLUMN nickname text`);
    const gateway = await start();
    const ready = await readyOf(gateway);
    expect({ status: ready.status, kinds: kindsOf(ready) }).toEqual({
      status: 200,
      kinds: ["database.migrations_newer"],
    });
    expect(ready.body.checks["configuration"]).toBe("degraded");
    expect(problemLines(gateway, "database.migrations_newer")).toMatchObject([{ detail: later, level: "warn" }]);
  });
});

describe("the key ring", () => {
  const newKey = (id: string) => `${id}:${randomBytes(32).toString("base64")}`;
  const [firstId = ""] = ["dev"];

  async function logIn(): Promise<void> {
    const gateway = await start();
    const client = new AuthClient(gateway.url);
    const person = newPerson();
    expect((await client.register(person)).status).toBe(201);
    expect((await client.login(person)).status).toBe(200);
    await gateway.stop();
  }

  test("another one than that of the stored tokens", async () => {
    await logIn();
    const gateway = await start({ TOKEN_ENCRYPTION_KEYS: newKey("other") });
    await expectNeverReady(gateway, ["keys.unknown"], [stack.tokenEncryptionKeys.split(":")[1] ?? ""]);
    await gateway.stop();
    const both = await start({ TOKEN_ENCRYPTION_KEYS: `${newKey("other")},${stack.tokenEncryptionKeys}` });
    await expectMended(both);
  });

  test("another key under the same id", async () => {
    await logIn();
    const id = stack.tokenEncryptionKeys.split(":")[0] ?? firstId;
    await expectNeverReady(await start({ TOKEN_ENCRYPTION_KEYS: newKey(id) }), ["keys.undecryptable"]);
  });

  test("one damaged row keeps nobody back, nor one that is over", async () => {
    await logIn();
    await logIn();
    const [{ session_id: damaged }] = await sql`SELECT session_id FROM sessions ORDER BY session_id LIMIT 1`;
    await sql`UPDATE sessions SET access_token = 'v1.' || split_part(access_token, '.', 2) || '.AAAA',
      refresh_token = 'nonsense', id_token = NULL WHERE session_id = ${damaged}`;
    await expectMended(await start());
    const other = randomUUID();
    await sql`UPDATE sessions SET refresh_token = ${`v1.${other}.AAAA`}, refresh_expires_at = now() - interval '1 hour'
      WHERE session_id = ${damaged}`;
    await expectMended(await start());
  });
});
