// Services that reach PostgreSQL through a real PgBouncer in transaction mode, and directly by DATABASE_DIRECT_URL alone.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createDatabase, detectPooling, type PrismaClient } from "@libs/database";
import { openTestPooler, STACK_TIMEOUT_MS, type TestPooler } from "@libs/dev-stack";
import { openEventQueues, subscribeToEvents } from "@libs/keycloak-authV2/events";
import { checkGuard } from "@libs/keycloak-authV2/startup-check";
import { runDoctor } from "@libs/keycloak-realm/doctor";
import { Client } from "pg";
import { AuthClient, type LoggedIn } from "./support/auth-client.ts";
import { authctl } from "./support/authctl.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, gatewayEnv, ordersEnv } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";
import { givenServers, StartCommand } from "./support/start-command.ts";

const MIGRATION_LOCK = 72_707_369;
const POOLER = "leads to a pooler in transaction mode";
const replicas = useReplicas();
let transaction: TestPooler;
let session: TestPooler;
let direct: string;
let pooled: string;
let gateways: GatewayProcess[];
let clients: AuthClient[];

beforeAll(async () => {
  direct = replicas.stack.databaseUrl;
  transaction = await openTestPooler(direct, "transaction");
  session = await openTestPooler(direct, "session");
  pooled = transaction.through(direct);
  const noLimits = { LIMIT_REFRESH_PER_SESSION: "0", LIMIT_REFRESH_PER_ADDRESS: "0" };
  // Background work and LISTEN of the second go through a pooler too, in session mode.
  const start = (url: string) =>
    replicas.start("directly", { DATABASE_URL: pooled, DATABASE_DIRECT_URL: url, ...noLimits });
  gateways = await Promise.all([direct, session.through(direct)].map(start));
  clients = gateways.map(({ url }) => new AuthClient(url));
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  await Promise.all((gateways ?? []).map((gateway) => gateway.stop()));
  await Promise.all([transaction?.stop(), session?.stop()]);
});

const client = (index: number) => clients[index % clients.length] as AuthClient;

async function loggedIn(): Promise<LoggedIn & { token: string }> {
  const person = newPerson();
  expect((await client(0).register(person)).status).toBe(201);
  const { status, body } = await client(1).login(person);
  expect(status).toBe(200);
  return { ...body, token: body.tokens.access_token };
}
const me = async (token: string, index: number) =>
  (await new AuthClient(client(index).url, { authorization: `Bearer ${token}` }).get("/auth/me")).status;

/** What one of the pooler's server connections has, seen by a client that sets nothing. */
async function leftBehind(): Promise<Record<string, unknown>> {
  const seen = new Client({ connectionString: pooled });
  await seen.connect();
  try {
    const { rows } = await seen.query(`SELECT current_setting('statement_timeout') AS timeout,
      current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('search_path') AS path,
      (SELECT count(*)::int FROM pg_prepared_statements) AS statements,
      (SELECT count(*)::int FROM pg_listening_channels()) AS channels`);
    return rows[0];
  } finally {
    await seen.end();
  }
}

describe("through a pooler in transaction mode", () => {
  test("people register, log in and log out; a session that ended is refused on each replica", async () => {
    const { token, sessionId, tokens } = await loggedIn();
    expect(await Promise.all([me(token, 0), me(token, 1)])).toEqual([200, 200]);
    expect((await client(0).logout({ sessionId, refreshToken: tokens.refresh_token })).status).toBe(200);
    await eventually(async () => expect(await Promise.all([me(token, 0), me(token, 1)])).toEqual([401, 401]));
  });

  test("40 refreshes of one token over 2 replicas all get an answer, one after another too", async () => {
    const { sessionId, tokens } = await loggedIn();
    let refreshToken = tokens.refresh_token;
    for (let round = 0; round < 3; round += 1) {
      const presented = { sessionId, refreshToken };
      const answers = await Promise.all(Array.from({ length: 40 }, (_, caller) => client(caller).refresh(presented)));
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 200));
      refreshToken = answers[0]?.body.tokens.refresh_token ?? "";
    }
  });

  test("what changes in Keycloak arrives, and domain events reach their subscriber", async () => {
    const heard: string[] = [];
    const handle = (event: { userId: string }) => void heard.push(event.userId);
    const urls = { databaseUrl: pooled, databaseDirectUrl: session.through(direct) };
    const subscriber = await subscribeToEvents({ ...urls, name: "pooled", types: ["user.registered"], handle });
    try {
      const { user } = await loggedIn();
      await replicas.admin.users.update({ realm: replicas.stack.realm, id: user.id }, { lastName: "Byron" });
      await eventually(async () => {
        const [row] = await replicas.sql`SELECT last_name FROM users WHERE id = ${user.id}`;
        expect(row.last_name).toBe("Byron");
      });
      await eventually(() => expect(heard).toContain(user.id));
    } finally {
      await subscriber.stop();
    }
  }, 30_000);

  test("each of them is ready, and the guard hears changes", async () => {
    const bodies = await Promise.all(clients.map(async (each) => (await each.get("/health/ready")).body));
    expect(bodies.map(({ status }) => status)).toEqual(["ready", "ready"]);
    for (const gateway of gateways) expect(await gateway.metrics()).toMatch(/guard_channel_up(\{[^}]*\})? 1/);
  });

  test("nothing stays on a connection to the server, and no statement has failed for want of its name", async () => {
    for (let round = 0; round < 20; round += 1)
      expect(await leftBehind()).toMatchObject({ timeout: "0", idle: "0", statements: 0, channels: 0 });
    for (const gateway of gateways)
      expect(gateway.output).not.toMatch(/prepared statement|unsupported startup parameter|26000|42P05/);
  });
});

describe("a statement through a pooler", () => {
  let database: PrismaClient;
  beforeAll(() => {
    database = createDatabase(pooled, { poolSize: 4, queryTimeoutMs: 10_000, statementTimeoutMs: 300 });
  });
  afterAll(() => database?.$disconnect());

  test("is ended by the server itself, alone and within a transaction", async () => {
    const sleeping = () => replicas.sql`
      SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND state = 'active'
        AND datname = current_database() AND pid <> pg_backend_pid()`;
    const ways = [
      async () => await database.$queryRaw`SELECT pg_sleep(30)::text`,
      async () => await database.$transaction([database.$queryRaw`SELECT pg_sleep(30)::text`]),
      async () => await database.$transaction((tx) => tx.$queryRaw`SELECT pg_sleep(30)::text`),
    ];
    for (const way of ways) await expect(way()).rejects.toThrow(/57014|statement timeout/);
    expect((await sleeping())[0].n).toBe(0);
  });

  test("has its settings with it each time, whichever connection serves it, and times in UTC", async () => {
    const settings = () => database.$queryRaw`
      SELECT current_setting('statement_timeout') AS timeout, current_setting('TimeZone') AS zone`;
    const all = await Promise.all(Array.from({ length: 30 }, settings));
    for (const rows of all) expect(rows).toEqual([{ timeout: "300ms", zone: "UTC" }]);
    const at = new Date("2026-07-01T12:00:00.123Z");
    const [row] = await database.$queryRaw<{ at: Date }[]>`SELECT ${at}::timestamptz AS at`;
    expect(row?.at).toEqual(at);
  });

  test("fails alone when its connection breaks before it is settled", async () => {
    const { port } = replicas.postgres;
    const proxied = createDatabase(Object.assign(new URL(direct), { hostname: "127.0.0.1", port: String(port) }).href);
    try {
      const settling = replicas.postgres.holdAt({ sent: "AS same", hold: "answer" });
      const failing = proxied.$queryRaw`SELECT 1`.then(String, (error: Error) => error.message);
      await settling;
      replicas.postgres.cut();
      expect(await failing).toBe("Connection terminated unexpectedly");
      expect(await proxied.$queryRaw`SELECT 1 AS one`).toEqual([{ one: 1 }]);
    } finally {
      await proxied.$disconnect();
    }
  });

  test("keeps its transaction together, and a failed one writes nothing", async () => {
    const id = crypto.randomUUID();
    const write = database.$transaction(async (tx) => {
      await tx.store.create({ data: { id, name: "Pooled" } });
      expect(await tx.store.count({ where: { id } })).toBe(1);
      throw new Error("on purpose");
    });
    await expect(write).rejects.toThrow("on purpose");
    expect(await database.store.count({ where: { id } })).toBe(0);
  });
});

describe("what is between", () => {
  test("is found each time: none, a pooler in session mode, a pooler in transaction mode", async () => {
    for (let round = 0; round < 5; round += 1) {
      expect(await detectPooling(direct, 5_000)).toBe("none");
      expect(await detectPooling(session.through(direct), 5_000)).toBe("session");
      expect(await detectPooling(pooled, 5_000)).toBe("transaction");
    }
  });

  test.each([
    ["one connection alone", { default_pool_size: 1 }],
    ["connections in a ring", { server_round_robin: 1, min_pool_size: 10 }],
  ])("is found with %s, while others use it", async (_, settings) => {
    for (const [mode, pooling] of [
      ["transaction", "transaction"],
      ["session", "session"],
    ] as const) {
      const pooler = await openTestPooler(direct, mode, { settings });
      const others = mode === "transaction" ? createDatabase(pooler.through(direct), { poolSize: 8 }) : undefined;
      const traffic = Array.from({ length: 200 }, async () => others && (await others.$queryRaw`SELECT 1`));
      try {
        expect(await detectPooling(pooler.through(direct), 1_500)).toBe(pooling);
      } finally {
        await Promise.all(traffic);
        await others?.$disconnect();
        await pooler.stop();
      }
    }
  });
});

describe("without DATABASE_DIRECT_URL", () => {
  const refusal = async (env: Record<string, string>, app: string) => {
    const service = GatewayProcess.spawn(env, app);
    expect(await service.exited).toBe(1);
    await eventually(() => expect(service.output).toContain(POOLER));
    expect(service.output.trim().split("\n")).toHaveLength(1);
    expect(service.output).not.toContain(new URL(direct).password);
    return service.output;
  };

  test("the gateway and a guarded service do not start", async () => {
    const stack = { ...replicas.stack, databaseUrl: pooled };
    const atPooler = { DATABASE_URL: pooled, DATABASE_DIRECT_URL: "" };
    expect(await refusal({ ...gatewayEnv(stack), ...atPooler }, "api-gateway")).toStartWith("DATABASE_URL ");
    expect(await refusal({ ...ordersEnv(stack), ...atPooler }, "orders")).toStartWith("DATABASE_URL ");
    const both = { DATABASE_URL: direct, DATABASE_DIRECT_URL: pooled };
    expect(await refusal({ ...gatewayEnv(stack), ...both }, "api-gateway")).toStartWith("DATABASE_DIRECT_URL ");
  });

  test("no migration begins, and no lock stays behind; through a pooler in session mode it works", async () => {
    const migrate = (environment: Record<string, string>) =>
      authctl(replicas.stack, ["db", "migrate"], undefined, environment);
    const { code, err } = await migrate({ DATABASE_URL: pooled, DATABASE_DIRECT_URL: "" });
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(`DATABASE_URL ${POOLER}`) });
    const locks = await replicas.sql`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = ${MIGRATION_LOCK}
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    expect(locks).toHaveLength(0);
    const atSession = { DATABASE_URL: pooled, DATABASE_DIRECT_URL: session.through(direct) };
    expect(await migrate(atSession)).toMatchObject({ code: 0, out: "nothing to apply\n" });
  });

  test("bun run start refuses, and so does whoever subscribes to events", async () => {
    const given = { ...givenServers(replicas.stack, pooled), KEYCLOAK_REALM: replicas.stack.realm };
    const { code, output } = await new StartCommand(given).ended();
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining(POOLER) });
    const subscribing = subscribeToEvents({ databaseUrl: pooled, name: "never", handle: () => {} });
    await expect(subscribing).rejects.toThrow(POOLER);
    await expect(openEventQueues({ databaseUrl: pooled })).rejects.toThrow(POOLER);
  });
});

describe("the doctor", () => {
  const found = async (urls: { databaseUrl: string; databaseDirectUrl?: string }) => {
    const { keycloakUrl: url, realm, clientId, clientSecret, tokenEncryptionKeys } = replicas.stack;
    const keycloak = { url, realm, clientId, clientSecret };
    const { findings } = await runDoctor({ keycloak, tokenEncryptionKeys, ...urls });
    return findings.filter(({ code }) => code.startsWith("database.")).map(({ code, detail }) => ({ code, detail }));
  };

  test("names a pooler on the direct URL, whichever variable gave it", async () => {
    const detail = (variable: string) => [{ code: "database.direct_pooled" as const, detail: variable }];
    expect(await found({ databaseUrl: pooled })).toEqual(detail("DATABASE_URL"));
    expect(await found({ databaseUrl: direct, databaseDirectUrl: pooled })).toEqual(detail("DATABASE_DIRECT_URL"));
  });

  test("is of one mind with the check that keeps a service from getting ready", async () => {
    const { keycloakUrl: url, realm, clientId } = replicas.stack;
    const check = async (urls: { databaseUrl: string; databaseDirectUrl?: string }) =>
      (await checkGuard({ keycloak: { url, realm, clientId }, ...urls })).map(({ code }) => code);
    expect(await check({ databaseUrl: pooled })).toEqual(["database.direct_pooled"]);
    expect(await check({ databaseUrl: pooled, databaseDirectUrl: direct })).toEqual([]);
  });

  test("finds nothing wrong with a pooler beside a direct URL, nor with one in session mode", async () => {
    expect(await found({ databaseUrl: pooled, databaseDirectUrl: direct })).toEqual([]);
    expect(await found({ databaseUrl: pooled, databaseDirectUrl: session.through(direct) })).toEqual([]);
    expect(await found({ databaseUrl: session.through(direct) })).toEqual([]);
    expect(await found({ databaseUrl: direct })).toEqual([]);
  });

  test("names a direct URL that leads to another database, and one that leads nowhere", async () => {
    const other = await replicas.stack.createDatabase();
    expect(await found({ databaseUrl: pooled, databaseDirectUrl: other.url })).toEqual([
      { code: "database.direct_elsewhere", detail: null },
    ]);
    const nowhere = Object.assign(new URL(direct), { port: "1" }).href;
    expect(await found({ databaseUrl: pooled, databaseDirectUrl: nowhere })).toEqual([
      { code: "database.direct_unusable", detail: "unreachable, ECONNREFUSED" },
    ]);
  });
});
