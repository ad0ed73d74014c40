// Registering, logging in, refreshing, logging out, and a guarded service beside.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { AuthClient, type ProblemBody } from "../../support/auth-client.ts";
import { eventually } from "../../support/eventually.ts";
import { GatewayProcess, ordersEnv, stopGateways } from "../../support/gateway-process.ts";
import { keycloakUserOf, newPerson } from "../../support/person.ts";
import { useReplicas } from "../../support/replicas.ts";
import { logInAtBoth, wholeJourney } from "../../support/whole-journey.ts";

const replicas = useReplicas();
let gateway: GatewayProcess;
let orders: GatewayProcess;
let client: AuthClient;

beforeAll(async () => {
  gateway = await replicas.start("directly");
  orders = await GatewayProcess.start(ordersEnv(replicas.stack), "orders");
  client = new AuthClient(gateway.url);
}, STACK_TIMEOUT_MS);
afterAll(stopGateways);

test("register, log in, call two services, refresh, log out, be refused", async () => {
  await wholeJourney({ gateway, orders });
});

test("a registration is the same person on both sides", async () => {
  const person = newPerson();
  const { status, body } = await client.register(person);
  expect(status).toBe(201);
  const { username, email, firstName, lastName } = person;
  const expected = { username, email, firstName, lastName, enabled: true, emailVerified: false };
  expect(await replicas.admin.users.findOne({ id: body.userId })).toMatchObject(expected);
  const [row] = await replicas.sql`
    SELECT username, email, first_name AS "firstName", last_name AS "lastName", enabled, email_verified AS "emailVerified"
    FROM users WHERE id = ${body.userId}`;
  expect({ ...row }).toEqual(expected);
});

test("a name that is taken is a conflict, a password that is too short a fault of the body, and neither leaves anybody", async () => {
  const person = newPerson();
  expect((await client.register(person)).status).toBe(201);
  const taken = await client.register<ProblemBody>({ ...newPerson(), username: person.username });
  expect(taken.status).toBe(409);
  const short = newPerson({ password: "short" });
  expect((await client.register(short)).status).toBe(400);
  expect(await replicas.admin.users.find({ username: short.username, exact: true })).toEqual([]);
});

test("somebody made in Keycloak alone is here with the first login", async () => {
  const person = newPerson();
  const { id } = await replicas.admin.users.create({ ...keycloakUserOf(person), emailVerified: true });
  expect((await client.login({ username: person.email, password: person.password })).status).toBe(200);
  const [row] = await replicas.sql`SELECT username, email, login_count FROM users WHERE id = ${id}`;
  expect(row).toMatchObject({ username: person.username, email: person.email, login_count: 1 });
});

test("a session and its tokens end everywhere with the logout", async () => {
  const { sessionId, tokens, user } = await logInAtBoth({ gateway, orders });
  expect((await client.logout({ sessionId, refreshToken: tokens.refresh_token })).status).toBe(200);
  expect(await replicas.admin.users.listSessions({ id: user.id })).toEqual([]);
  for (const url of [`${gateway.url}/auth/me`, `${orders.url}/orders`]) {
    // Guards are notified, a moment later.
    await eventually(async () => {
      const answer = await fetch(url, { headers: { authorization: `Bearer ${tokens.access_token}` } });
      expect({ url, status: answer.status }).toEqual({ url, status: 401 });
    }, 2_000);
  }
  expect((await client.refresh({ sessionId, refreshToken: tokens.refresh_token })).status).toBe(401);
});
