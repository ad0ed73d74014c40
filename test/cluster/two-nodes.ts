// A change that one node of Keycloak has confirmed holds at the other node. Each gateway reaches one node alone, past HAProxy.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, type TestStack } from "@libs/dev-stack";
import { AuthClient } from "../support/auth-client.ts";
import { eventually } from "../support/eventually.ts";
import { statusFor } from "../support/fleet.ts";
import { GatewayProcess, gatewayEnv, stopGateways } from "../support/gateway-process.ts";
import { newPerson } from "../support/person.ts";
import { realmAdmin } from "../support/realm-admin.ts";
import { useReplicas } from "../support/replicas.ts";
import { clusterOf } from "../support/use-cluster.ts";

type Admin = Awaited<ReturnType<typeof realmAdmin>>;
interface Side {
  gateway: GatewayProcess;
  client: AuthClient;
  admin: Admin;
  url: string;
}

const replicas = useReplicas();
let a: Side;
let b: Side;

beforeAll(async () => {
  const { stack } = replicas;
  [a, b] = await Promise.all([side(stack, "a"), side(stack, "b")]);
}, STACK_TIMEOUT_MS);
afterAll(stopGateways, 30_000);

async function side(stack: TestStack, name: "a" | "b"): Promise<Side> {
  const url = clusterOf(stack).url(name);
  const own = { ...stack, keycloakUrl: url };
  // The pause after a failure as it is by default, not that of the other tests.
  const gateway = await GatewayProcess.start(gatewayEnv(own, { LOGIN_FAILURE_PAUSE_MS: "1000" }));
  return { gateway, client: new AuthClient(gateway.url), admin: await realmAdmin(own), url };
}

async function userinfo({ url }: Side, accessToken: string): Promise<number> {
  const { realm } = replicas.stack;
  return await statusFor(accessToken, `${url}/realms/${realm}/protocol/openid-connect/userinfo`);
}

const CROWD = 40;
const ROUNDS = 3;

test("a journey whose every step is at the other node", async () => {
  const journey = async (here: Side, there: Side) => {
    const person = newPerson();
    const statuses = [(await here.client.register(person)).status];
    const login = await there.client.login(person);
    const { sessionId, tokens } = login.body;
    statuses.push(login.status, await userinfo(here, tokens.access_token));
    const refreshed = await here.client.refresh({ sessionId, refreshToken: tokens.refresh_token });
    const { access_token, refresh_token } = refreshed.body.tokens;
    statuses.push(refreshed.status, await userinfo(there, access_token));
    statuses.push(await statusFor(access_token, `${there.gateway.url}/auth/me`));
    const loggedOut = await there.client.logout({ sessionId, refreshToken: refresh_token });
    statuses.push(loggedOut.status);
    // The other node drops an ended session from its cache shortly after the logout was answered.
    await eventually(async () => expect(await userinfo(here, access_token)).toBe(401));
    statuses.push((await here.client.refresh({ sessionId, refreshToken: refresh_token })).status);
    return statuses.join(" ");
  };
  for (let round = 0; round < ROUNDS; round++) {
    const seen = await Promise.all(
      Array.from({ length: CROWD / 10 }, async (_, n) => {
        const all: string[] = [];
        for (let i = 0; i < 10; i++) all.push(await (n % 2 === 0 ? journey(a, b) : journey(b, a)));
        return all;
      }),
    );
    expect([...new Set(seen.flat())]).toEqual(["201 200 200 200 200 200 200 401"]);
  }
}, 300_000);

test("who is disabled, renamed or deleted at one node is so at a login at the other at once", async () => {
  const seen: string[] = [];
  for (let n = 0; n < 10; n++) {
    const [here, there] = n % 2 === 0 ? [a, b] : [b, a];
    const person = newPerson();
    const id = (await here.client.register(person)).body.userId;
    const statuses = [(await there.client.login(person)).status];
    await here.admin.users.update({ id }, { enabled: false });
    statuses.push((await there.client.login(person)).status);
    await there.admin.users.update({ id }, { enabled: true });
    statuses.push((await here.client.login(person)).status);
    const other = newPerson();
    await here.admin.users.update({ id }, { email: other.email });
    statuses.push((await there.client.login({ username: other.email, password: person.password })).status);
    await here.admin.users.del({ id });
    statuses.push((await there.client.login(person)).status);
    seen.push(statuses.join(" "));
  }
  expect([...new Set(seen)]).toEqual(["200 401 200 200 401"]);
}, 120_000);

test("a change at one node reaches a feed that reads at the other", async () => {
  for (const [here, there] of [
    [a, b],
    [b, a],
  ] as const) {
    // The reader of the feed is whoever has its lease; only the gateway of the other node is left to have it.
    await here.gateway.stop();
    const person = newPerson();
    const id = (await there.client.register(person)).body.userId;
    await here.admin.users.update({ id }, { firstName: "Augusta" });
    await eventually(async () => {
      const [row] = await replicas.sql`SELECT first_name FROM users WHERE id = ${id}`;
      expect(row).toEqual({ first_name: "Augusta" });
    }, 30_000);
    Object.assign(here, await side(replicas.stack, here === a ? "a" : "b"));
  }
}, 120_000);

test("a token that one node signed with a new key is good at the gateway of the other", async () => {
  const { realm } = replicas.stack;
  const before = (await a.admin.realms.getKeys({ realm })).active?.["RS256"];
  const parentId = (await a.admin.realms.findOne({ realm }))?.id;
  await a.admin.components.create({
    name: "newer",
    providerId: "rsa-generated",
    providerType: "org.keycloak.keys.KeyProvider",
    parentId,
    config: { priority: ["2000"], algorithm: ["RS256"] },
  });
  expect((await b.admin.realms.getKeys({ realm })).active?.["RS256"]).not.toBe(before);
  for (const [here, there] of [
    [a, b],
    [b, a],
  ] as const) {
    const person = newPerson();
    expect((await here.client.register(person)).status).toBe(201);
    const { body } = await here.client.login(person);
    expect(await statusFor(body.tokens.access_token, `${there.gateway.url}/auth/me`)).toBe(200);
  }
}, 60_000);

test("wrong passwords at both nodes at once lock nobody, and count together", async () => {
  const person = newPerson();
  const id = (await a.client.register(person)).body.userId;
  const wrong = { username: person.username, password: "not-the-password" };
  const answers = await Promise.all([a, b, a, b].map(({ client }) => client.login(wrong)));
  expect(answers.filter(({ status }) => status !== 401 && status !== 429)).toEqual([]);
  const failures = answers.filter(({ status }) => status === 401).length;
  for (const { admin } of [a, b]) {
    await eventually(async () =>
      expect(await admin.attackDetection.findOne({ id })).toMatchObject({ numFailures: failures, disabled: false }),
    );
  }
  expect((await b.client.login(person)).status).toBe(200);
}, 60_000);
