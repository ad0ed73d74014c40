// What an operator does with one person: shown, signed out, exported, erased, on the real Keycloak and PostgreSQL.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createDatabase } from "@libs/database";
import { KeycloakIntegrationService } from "@libs/keycloak-authV2";
import { type EventOf, subscribeToEvents } from "@libs/keycloak-authV2/events";
import { PersonService } from "@libs/keycloak-authV2/services/people";
import { createMetricsRegistry } from "@libs/observability";
import { AuthClient } from "./support/auth-client.ts";
import { authctl as run } from "./support/authctl.ts";
import { eventually } from "./support/eventually.ts";
import type { GatewayProcess } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
let gateway: GatewayProcess;

beforeAll(async () => {
  // The change feed would repair, and bring over, what these tests plant.
  gateway = await replicas.start("directly", { FEED_ENABLED: "false" });
});
afterAll(() => gateway?.stop());

const authctl = (...args: string[]) => run(replicas.stack, args);
const lines = (text: string) =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

async function loggedIn(ipAddress: string) {
  const client = new AuthClient(gateway.url, { "x-forwarded-for": ipAddress, "user-agent": `device of ${ipAddress}` });
  const person = newPerson();
  const { userId } = (await client.register({ ...person, metadata: { livesAt: ipAddress } })).body;
  const { sessionId, tokens } = (await client.login(person)).body;
  return { client, person, userId, sessionId, tokens };
}

test("show has both sides next to each other, and says where they differ", async () => {
  const { sql, admin } = replicas;
  const { person, userId, sessionId } = await loggedIn("198.51.100.1");
  const agreed = await authctl("users", "show", person.email);
  expect(agreed.code).toBe(0);
  for (const part of [userId, person.username, sessionId, "198.51.100.1", "session.started", "Both sides agree."])
    expect(agreed.out).toContain(part);
  await sql`UPDATE users SET first_name = 'Grace' WHERE id = ${userId}`;
  const differing = await authctl("users", "show", userId);
  expect(differing.out).toMatch(/firstName +│ Ada +│ Grace +│ differs/);
  const [json] = lines((await authctl("users", "show", person.username, "--json")).out);
  expect(json).toMatchObject({ userId, differing: ["firstName"], sessions: [{ local: { sessionId }, keycloak: {} }] });
  // Nothing here yet: found by what Keycloak knows.
  const stranger = newPerson();
  const { password: _, ...profile } = stranger;
  await admin.users.create({ ...profile, enabled: true });
  expect((await authctl("users", "show", stranger.email)).out).toContain("Not here yet");
});

test("sessions are listed by user, address and age, and revoked on both sides", async () => {
  const { admin } = replicas;
  const one = await loggedIn("203.0.113.7");
  const two = await loggedIn("203.0.113.8");
  const other = await loggedIn("192.0.2.44");
  const listed = async (...args: string[]) =>
    lines((await authctl("sessions", "list", "--json", ...args)).out).map(({ sessionId }) => sessionId);
  // Sessions of one second have no order.
  const found = await listed("--ip", "203.0.113.0/24");
  expect(found.toSorted()).toEqual([one.sessionId, two.sessionId].toSorted());
  expect(await listed("--ip", "203.0.113.7", "--newer-than", "1h")).toEqual([one.sessionId]);
  expect(await listed("--user", other.person.username)).toEqual([other.sessionId]);
  expect(await listed("--older-than", "1h")).toEqual([]);
  expect((await authctl("sessions", "list", "--user", other.userId)).out).toContain("192.0.2.44");

  expect((await authctl("sessions", "revoke")).code).toBe(2);
  expect((await authctl("sessions", "revoke", "--ip", "203.0.113.0/24")).code).toBe(2);
  const revoked = await authctl("sessions", "revoke", "--ip", "203.0.113.0/24", "--yes");
  expect(revoked).toEqual({ code: 0, out: "2 sessions ended.\n", err: "" });
  expect(await listed("--ip", "203.0.113.0/24")).toEqual([]);
  expect((await authctl("sessions", "list", "--ended", "--user", one.userId)).out).toContain("ended: admin");
  for (const { userId } of [one, two]) expect(await admin.users.listSessions({ id: userId })).toEqual([]);
  const refresh = await one.client.refresh({ refreshToken: one.tokens.refresh_token, sessionId: one.sessionId });
  expect(refresh.status).toBe(401);
  expect(await listed("--user", other.userId)).toEqual([other.sessionId]);

  // A session of another client of the realm: none of ours.
  const { stack } = replicas;
  await fetch(`${stack.keycloakUrl}/realms/${stack.realm}/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "password",
      client_id: stack.clientId,
      client_secret: stack.clientSecret,
      username: other.person.username,
      password: other.person.password,
    }),
  });
  expect(await admin.users.listSessions({ id: other.userId })).toHaveLength(2);
  await authctl("sessions", "revoke", "--user", other.userId, "--everywhere", "--yes");
  expect(await admin.users.listSessions({ id: other.userId })).toEqual([]);
}, 90_000);

test("export holds everything of a person and no token; erase leaves nothing of them, and the orders", async () => {
  const { sql, admin } = replicas;
  const { client, person, userId, sessionId, tokens } = await loggedIn("198.51.100.99");
  const bystander = await loggedIn("198.51.100.98");
  await sql`INSERT INTO carts (id, user_id, currency) VALUES (gen_random_uuid(), ${userId}, 'EUR')`;
  await sql`INSERT INTO orders (id, user_id, currency, total_minor) VALUES (gen_random_uuid(), ${userId}, 'EUR', 1999)`;
  await sql`INSERT INTO roles (name) VALUES ('clerk')`;
  await sql`INSERT INTO user_roles (grantee_email, role_id) SELECT ${person.email}, id FROM roles WHERE name = 'clerk'`;
  const exported = await authctl("users", "export", userId);
  expect(exported.code).toBe(0);
  for (const secret of [tokens.access_token, tokens.refresh_token, person.password])
    expect(exported.out).not.toContain(secret);
  const [stored] = await sql`SELECT refresh_token, refresh_token_hash FROM sessions WHERE session_id = ${sessionId}`;
  for (const held of [stored.refresh_token, stored.refresh_token_hash]) expect(exported.out).not.toContain(held);
  expect(JSON.parse(exported.out)).toMatchObject({
    userId,
    keycloak: {
      user: { email: person.email },
      details: { credentials: [{ type: "password" }], groups: [], identities: [], consents: [] },
      sessions: [{ ipAddress: "198.51.100.99" }],
    },
    local: {
      user: { username: person.username, metadata: { livesAt: "198.51.100.99" } },
      sessions: [{ sessionId, userAgent: "device of 198.51.100.99" }],
      registrations: [{ email: person.email, state: "completed" }],
      carts: [{ status: "open" }],
      orders: [{ totalMinor: 1999 }],
      roles: [{ role: "clerk" }],
    },
  });

  expect(await authctl("users", "erase", person.username, "--yes")).toMatchObject({
    code: 1,
    err: `authctl: users erase needs an id: ${userId}\n`,
  });
  const erased = await authctl("users", "erase", userId, "--yes");
  expect(erased.code).toBe(0);
  expect(erased.out).toMatch(/orders kept, without the person +│ +1 │/);
  expect(await admin.users.findOne({ id: userId })).toBeFalsy();
  expect((await client.refresh({ refreshToken: tokens.refresh_token, sessionId })).status).toBe(401);
  expect(await traces([person.username, person.email, "198.51.100.99"], userId)).toEqual([]);
  expect(await sql`SELECT user_id, total_minor FROM orders WHERE user_id = ${userId}`).toHaveLength(1);
  // Whoever shares nothing with them keeps everything, and their names are free.
  expect(await traces([bystander.person.email], bystander.userId)).not.toEqual([]);
  expect((await client.register({ ...newPerson(), username: person.username, email: person.email })).status).toBe(201);
  expect((await authctl("users", "erase", userId, "--yes")).code).toBe(0);
  expect((await authctl("users", "erase", crypto.randomUUID(), "--yes")).code).toBe(1);
}, 120_000);

test("a login that lands while a person is erased does not bring them back", async () => {
  const { stack, sql } = replicas;
  const { person, userId } = await loggedIn("198.51.100.97");
  const { keycloakUrl: url, realm, clientId, clientSecret } = stack;
  const database = createDatabase(stack.databaseUrl, { poolSize: 2 });
  const registry = createMetricsRegistry();
  const options = { url, realm, clientId, clientSecret };
  const people = new PersonService(KeycloakIntegrationService.create(options, database, registry), database, registry);
  const erasure = people.erase(userId, { settleMs: 500 });
  const gone = async () => (await sql`SELECT FROM users WHERE id = ${userId} AND username = 'erased'`).length > 0;
  while (!(await gone())) await Bun.sleep(10);
  // What a login does that had its tokens before Keycloak's user went.
  await sql`UPDATE users SET username = ${person.username}, email = ${person.email}, deleted_at = NULL WHERE id = ${userId}`;
  await erasure;
  await database.$disconnect();
  expect(await traces([person.username, person.email], userId)).toEqual([]);
});

test("events that wait for a subscriber report who was erased without naming them", async () => {
  const { databaseUrl } = replicas.stack;
  const seen: EventOf<"user.registered" | "session.started" | "user.deleted">[] = [];
  const subscribe = () =>
    subscribeToEvents({
      databaseUrl,
      name: "away",
      types: ["user.registered", "session.started", "user.deleted"],
      handle: (event) => void seen.push(event),
    });
  await (await subscribe()).stop();
  const { person, userId } = await loggedIn("198.51.100.96");
  const texts = [person.username, person.email, "198.51.100.96"];
  await eventually(async () => expect(await traces(texts, userId)).toContain(`pgboss.job ${userId}`));
  expect((await authctl("users", "erase", userId, "--yes")).code).toBe(0);
  expect(await traces(texts, userId)).toEqual([]);
  const { stop } = await subscribe();
  await eventually(() => expect(seen.at(-1)?.type).toBe("user.deleted"));
  await stop();
  expect(seen.map(({ type, payload }) => ({ type, payload }))).toEqual([
    {
      type: "user.registered",
      payload: {
        username: "erased",
        email: null,
        firstName: null,
        lastName: null,
        emailVerified: false,
        enabled: false,
        via: "registration",
      },
    },
    { type: "session.started", payload: { sessionId: expect.any(String), ipAddress: null, userAgent: null } },
    { type: "user.deleted", payload: {} },
  ]);
});

/** Tables with a row of this user, or of none, that holds one of the texts. */
async function traces(texts: string[], userId: string): Promise<string[]> {
  const { sql } = replicas;
  const tables: { name: string }[] = await sql`
    SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
    UNION ALL SELECT 'pgboss.job'`;
  const found = await Promise.all(
    tables.map(async ({ name }) => {
      const rows: { text: string }[] = await sql`SELECT rows::text AS text FROM ${sql(name)} AS rows`;
      const theirs = rows.filter(({ text }) => texts.some((part) => text.includes(part)));
      return theirs.length > 0 ? [`${name} ${userId}`] : [];
    }),
  );
  return found.flat();
}
