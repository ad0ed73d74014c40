// The longest token that a login may end with is the longest that every guard takes: nobody logs in with one that is
// refused afterwards.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { AuthClient, type ProblemBody } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { statusFor } from "./support/fleet.ts";
import { GatewayClientEditor } from "./support/gateway-client-editor.ts";
import { GatewayProcess, gatewayEnv, ordersEnv, stopGateways } from "./support/gateway-process.ts";
import { newPerson, type Person } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
let gateway: GatewayProcess;
let orders: GatewayProcess;
let client: AuthClient;
let edit: GatewayClientEditor;
let person: Person;
let userId: string;
beforeAll(async () => {
  [gateway, orders] = await Promise.all([
    replicas.start("directly"),
    GatewayProcess.start(ordersEnv(replicas.stack), "orders"),
  ]);
  client = new AuthClient(gateway.url);
  edit = new GatewayClientEditor(replicas.admin, replicas.stack.clientId);
  person = newPerson();
  userId = (await client.register(person)).body.userId;
}, STACK_TIMEOUT_MS);
afterAll(stopGateways, 30_000);

/** Adds so many characters of claims, as roles and attributes in a token do. */
const widen = (characters: number) => edit.addWideClaim(characters);

// A third more in base64, and a good thousand of its own. What was 8 kB before is no limit now.
test.each([3_000, 5_500, 7_000, 8_000])("with %d characters of claims every guard takes it", async (characters) => {
  const narrow = await widen(characters);
  try {
    const { status, body } = await client.login(person);
    expect(status).toBe(200);
    const token = body.tokens.access_token;
    expect(token.length).toBeGreaterThan(characters * 1.33 + 1000);
    expect(await statusFor(token, `${gateway.url}/auth/me`)).toBe(200);
    expect(await statusFor(token, `${orders.url}/orders`)).toBe(200);
    const { sessionId, tokens } = body;
    expect((await client.refresh({ sessionId, refreshToken: tokens.refresh_token })).status).toBe(200);
    await client.logout({ sessionId, refreshToken: tokens.refresh_token });
  } finally {
    await narrow();
  }
});

test.each([9_000, 15_000, 40_000])(
  "with %d it is 502 with the reason in the log, and no session is left",
  async (characters) => {
    const own = await replicas.start("directly");
    const narrow = await widen(characters);
    try {
      const { status, body } = await new AuthClient(own.url).login<ProblemBody>(person);
      expect([status, body.code]).toEqual([502, "keycloak.misconfigured"]);
      expect(own.output).toMatch(/too large, \d{5} of at most 12288 bytes/);
      await eventually(async () => expect(await replicas.admin.users.listSessions({ id: userId })).toEqual([]));
    } finally {
      await narrow();
    }
    await own.stop();
  },
);

test("a session whose tokens grow is 502 at its refresh, and goes on when they shrink", async () => {
  const { body } = await client.login(person);
  const refresh = () => client.refresh({ sessionId: body.sessionId, refreshToken: body.tokens.refresh_token });
  const narrow = await widen(20_000);
  expect((await refresh().finally(narrow)).status).toBe(502);
  expect((await refresh()).status).toBe(200);
});

test("the limit is a setting, one for gateway and service", async () => {
  const small = { KEYCLOAK_TOKEN_MAX_BYTES: "2048" };
  const strict = await GatewayProcess.start(gatewayEnv(replicas.stack, small));
  const strictOrders = await GatewayProcess.start(ordersEnv(replicas.stack, small), "orders");
  const login = () => new AuthClient(strict.url).login(person);
  const { status, body } = await login();
  expect(status).toBe(200);
  expect(await statusFor(body.tokens.access_token, `${strictOrders.url}/orders`)).toBe(200);
  const narrow = await widen(1_500);
  try {
    expect((await login()).status).toBe(502);
    const wide = (await client.login(person)).body.tokens.access_token;
    expect(await statusFor(wide, `${orders.url}/orders`)).toBe(200);
    expect(await statusFor(wide, `${strictOrders.url}/orders`)).toBe(401);
  } finally {
    await narrow();
  }
  await Promise.all([strict.stop(), strictOrders.stop()]);
});
