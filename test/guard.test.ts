// Guards of sibling services on the real stack: what ends or changes anywhere counts on every replica, soon.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { assertGuarded, type Guard, keycloakAuth, openGuard } from "@libs/auth-guard";
import { createDatabase, type PrismaClient } from "@libs/database";
import { Elysia } from "elysia";
import { AuthClient, type LoggedIn } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";
import { recordSecret } from "./support/secrets-seen.ts";

const replicas = useReplicas();
let gateway: GatewayProcess;
let database: PrismaClient;
const guards: Guard[] = [];

const createService = (guard: Guard) =>
  new Elysia()
    .use(keycloakAuth(guard))
    .get("/me", ({ user, session }) => ({ id: user.id, session: session.id }), { auth: true })
    .get("/orders", ({ user }) => user.username, { permissions: ["orders:read"] })
    .get("/machine", ({ user }) => user.kind, { auth: true, serviceAccounts: true });
let services: ReturnType<typeof createService>[];

function open(options: Parameters<typeof openGuard>[0] = {}): Guard {
  const { keycloakUrl: url, realm, clientId, issuer, databaseUrl } = replicas.stack;
  const guard = openGuard({ url, realm, clientId, issuer, databaseUrl, database, ...options });
  guards.push(guard);
  return guard;
}

beforeAll(async () => {
  gateway = await replicas.start("directly");
  database = createDatabase(replicas.stack.databaseUrl, { poolSize: 4 });
  services = [open(), open(), open()].map(createService);
  await eventually(() => expect(guards.every((guard) => guard.isWatched())).toBe(true));
});
afterAll(async () => {
  await Promise.all(guards.map((guard) => guard.close()));
  await database?.$disconnect();
  await stopGateways();
});
const temporary: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(temporary.splice(0).map((one) => one.stop()));
});

const call = async (service: Pick<Elysia, "handle">, token: string, path = "/me") => {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await service.handle(new Request(`http://localhost${path}`, { headers }));
  return { status: answer.status, body: await answer.text() };
};
const onAll = (token: string, path?: string) => Promise.all(services.map((service) => call(service, token, path)));
const statuses = async (token: string, path?: string) => (await onAll(token, path)).map(({ status }) => status);

async function loggedIn(): Promise<LoggedIn & { token: string; client: AuthClient }> {
  const client = new AuthClient(gateway.url);
  const person = newPerson();
  expect((await client.register(person)).status).toBe(201);
  const { status, body } = await client.login(person);
  expect(status).toBe(200);
  return { ...body, token: body.tokens.access_token, client };
}

/** How long after `act` until every replica refuses. Milliseconds. */
async function timeToRefusal(token: string, act: () => Promise<unknown>): Promise<number> {
  expect(await statuses(token)).toEqual([200, 200, 200]);
  await act();
  const startedAt = performance.now();
  await eventually(async () => expect(await statuses(token)).toEqual([401, 401, 401]));
  return performance.now() - startedAt;
}

test("a guard that keycloakAuth() opened is closed with its app: no connection is left", async () => {
  const { keycloakUrl: url, realm, clientId, issuer, databaseUrl } = replicas.stack;
  const { token } = await loggedIn();
  // An account of its own, so that its connections are known.
  const account = `test_${randomBytes(6).toString("hex")}`;
  await replicas.sql.unsafe(`CREATE ROLE ${account} LOGIN SUPERUSER PASSWORD 'guard-password'`);
  recordSecret("guard-password");
  const own = Object.assign(new URL(databaseUrl), { username: account, password: "guard-password" }).href;
  const connections = () => replicas.sql`SELECT pid FROM pg_stat_activity WHERE usename = ${account}`;
  const app = new Elysia()
    .use(keycloakAuth({ url, realm, clientId, issuer, databaseUrl: own }))
    .get("/me", ({ user }) => user.id, { auth: true })
    .listen(0);
  try {
    const me = await fetch(new URL("/me", app.server?.url), { headers: { authorization: `Bearer ${token}` } });
    expect(me.status).toBe(200);
    // The one that listens, and the pool's.
    await eventually(async () => expect((await connections()).length).toBeGreaterThan(1));
  } finally {
    await app.stop();
  }
  await eventually(async () => expect(await connections()).toHaveLength(0));
  await replicas.sql.unsafe(`DROP ROLE ${account}`);
});

describe("revocation", () => {
  test("a logout is known to every replica within a second", async () => {
    for (let round = 0; round < 5; round++) {
      const { token, client, sessionId, tokens } = await loggedIn();
      const tookMs = await timeToRefusal(token, () => client.logout({ sessionId, refreshToken: tokens.refresh_token }));
      expect(tookMs).toBeLessThan(1000);
    }
  });

  test("who is disabled or deleted in Keycloak is refused within three seconds", async () => {
    const [disabled, deleted] = [await loggedIn(), await loggedIn()];
    const { admin } = replicas;
    const tookMs = [
      await timeToRefusal(disabled.token, () => admin.users.update({ id: disabled.user.id }, { enabled: false })),
      await timeToRefusal(deleted.token, () => admin.users.del({ id: deleted.user.id })),
    ];
    expect(Math.max(...tookMs)).toBeLessThan(3000);
  });

  test("with the channel cut it says so, and an end is known within the stated two seconds", async () => {
    const { port, hostname } = new URL(replicas.stack.databaseUrl);
    const { TcpProxy } = await import("./support/tcp-proxy.ts");
    const proxy = await TcpProxy.to(hostname, Number(port));
    temporary.push(proxy);
    const proxied = Object.assign(new URL(replicas.stack.databaseUrl), {
      hostname: "127.0.0.1",
      port: `${proxy.port}`,
    });
    const problems: (string | null)[] = [];
    const guard = open({ databaseUrl: proxied.href, onProblem: (problem) => problems.push(problem) });
    const service = createService(guard);
    await eventually(() => expect(guard.isWatched()).toBe(true));
    for (const mode of ["refuse", "black-hole"] as const) {
      const { token, client, sessionId, tokens } = await loggedIn();
      expect((await call(service, token)).status).toBe(200);
      proxy.mode = mode;
      await client.logout({ sessionId, refreshToken: tokens.refresh_token });
      const startedAt = performance.now();
      await eventually(async () => expect((await call(service, token)).status).toBe(401));
      expect(performance.now() - startedAt).toBeLessThan(2500);
      await eventually(() => expect(problems.at(-1)).toBe("channel_lost"));
      expect((await call(service, (await loggedIn()).token)).status).toBe(200);
      proxy.mode = "pass";
      await eventually(() => expect(guard.isWatched()).toBe(true));
      expect(problems.at(-1)).toBeNull();
    }
  });
});

describe("rights", () => {
  test("given and taken, they count on every replica within a second", async () => {
    const { sql } = replicas;
    const { token, user } = await loggedIn();
    expect(await statuses(token, "/orders")).toEqual([403, 403, 403]);
    expect((await onAll(token, "/orders"))[0]?.body).toContain("orders:read");
    const [role] = await sql`INSERT INTO roles (name) VALUES ('clerk') RETURNING id`;
    const [right] = await sql`INSERT INTO permissions (name) VALUES ('orders:read') RETURNING id`;
    await sql`INSERT INTO role_permissions (role_id, permission_id) VALUES (${role.id}, ${right.id})`;
    await sql`INSERT INTO user_roles (user_id, role_id) VALUES (${user.id}, ${role.id})`;
    await eventually(async () => expect(await statuses(token, "/orders")).toEqual([200, 200, 200]), 1000);
    await sql`DELETE FROM role_permissions WHERE role_id = ${role.id}`;
    await eventually(async () => expect(await statuses(token, "/orders")).toEqual([403, 403, 403]), 1000);
  });
});

describe("tokens", () => {
  test("of another kind are refused, and the access token is not", async () => {
    const { tokens } = await loggedIn();
    for (const token of [tokens.id_token ?? "", tokens.refresh_token])
      expect(await statuses(token)).toEqual([401, 401, 401]);
    expect(await statuses(tokens.access_token)).toEqual([200, 200, 200]);
  });

  test("of a service account are let in where the route says so", async () => {
    const { issuer, clientId, clientSecret } = replicas.stack;
    const answer = await fetch(`${issuer}/protocol/openid-connect/token`, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret }),
    });
    const { access_token } = (await answer.json()) as { access_token: string };
    recordSecret(access_token);
    expect(await statuses(access_token)).toEqual([401, 401, 401]);
    expect(await onAll(access_token, "/machine")).toEqual(Array(3).fill({ status: 200, body: "service" }));
  });

  test("of a new signing key are good at once, with requests going on", async () => {
    const { admin, stack } = replicas;
    const first = await loggedIn();
    const seen: number[] = [];
    let running = true;
    const traffic = (async () => {
      while (running) {
        seen.push(...(await statuses(first.token)));
        await Bun.sleep(5);
      }
    })();
    const realm = await admin.realms.findOne({ realm: stack.realm });
    await admin.components.create({
      name: "newer-key",
      providerId: "rsa-generated",
      providerType: "org.keycloak.keys.KeyProvider",
      parentId: realm?.id ?? "",
      config: { priority: ["1000"], algorithm: ["RS256"], enabled: ["true"], active: ["true"] },
    });
    const kidOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).kid;
    const second = await loggedIn();
    expect(kidOf(second.token)).not.toBe(kidOf(first.token));
    expect(await statuses(second.token)).toEqual([200, 200, 200]);
    running = false;
    await traffic;
    expect(seen.filter((status) => status !== 200)).toEqual([]);
    expect(seen.length).toBeGreaterThan(10);
  });
});

test("every route of the service is guarded", () => {
  for (const service of services) assertGuarded(service);
});
