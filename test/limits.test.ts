import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { type Answer, AuthClient, type LoggedIn, type ProblemBody } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, gatewayEnv } from "./support/gateway-process.ts";
import { useJourney } from "./support/journey.ts";
import { amount } from "./support/long-form.ts";
import { newPerson, type Person } from "./support/person.ts";
import { realmAdmin } from "./support/realm-admin.ts";

const limits = {
  LIMIT_LOGIN_PER_ACCOUNT: "3",
  LIMIT_LOGIN_PER_ADDRESS: "6",
  LIMIT_LOGIN_WINDOW_S: "8",
  LIMIT_REGISTER_PER_ACCOUNT: "2",
  LIMIT_REGISTER_PER_ADDRESS: "4",
  LIMIT_REFRESH_PER_SESSION: "4",
  LOGIN_FAILURE_PAUSE_MS: "1000",
  LOGIN_LOCK_WAIT_MS: "1500",
};
const journey = useJourney(() => limits);
let second: GatewayProcess;

beforeAll(async () => {
  second = await GatewayProcess.start(gatewayEnv({ ...journey.stack, databaseUrl: journey.databaseUrl }, limits));
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  await second?.stop();
});

/** Both replicas, as somebody at `address` sees them. */
const at = (address: string) =>
  [journey.gateway, second].map(({ url }) => new AuthClient(url, { "x-forwarded-for": address })) as [
    AuthClient,
    AuthClient,
  ];
let addresses = 0;
const newAddress = () => `198.51.100.${++addresses}`;

async function registered(): Promise<Person> {
  const person = newPerson();
  expect((await at(newAddress())[0].register(person)).status).toBe(201);
  return person;
}

const wrong = (username: string) => ({ username, password: "not the password" });

function expectLimited(answer: Answer<unknown>, limit: string, quota: number, windowSeconds: number) {
  const { code } = answer.body as ProblemBody;
  expect({ status: answer.status, code }).toEqual({ status: 429, code: "rate.limited" });
  expect(answer.headers.get("ratelimit-policy")).toBe(`"${limit}";q=${quota};w=${windowSeconds}`);
  const reset = Number(answer.headers.get("retry-after"));
  expect(reset).toBeGreaterThan(0);
  expect(reset).toBeLessThanOrEqual(windowSeconds);
  expect(answer.headers.get("ratelimit")).toBe(`"${limit}";r=0;t=${reset}`);
}

/**
 * Logs in, and repeats a login that was refused with 429 after its `Retry-After`, at most twice. Logins of one account run
 * one after the other: on a slow machine the last of six would wait too long, and the gateway refuses it at once.
 * @returns the status of the last answer
 */
async function letIn(client: AuthClient, person: Person): Promise<number> {
  for (let tries = 1; ; tries++) {
    const answer = await client.login(person);
    if (answer.status !== 429 || tries === 3) return answer.status;
    expectLimited(answer, "login-turn", 1, 1);
    await Bun.sleep(1000 * Number(answer.headers.get("retry-after")));
  }
}

test("failed logins of one account count on all replicas together, and end with the window", async () => {
  const [ada, bob] = [await registered(), await registered()];
  const [here, there] = at(newAddress());
  for (const client of [here, there, here]) {
    expect((await client.login(wrong(ada.username))).status).toBe(401);
  }
  for (const client of [here, there]) expectLimited(await client.login(ada), "login-account", 3, 8);
  const shouted = { ...ada, username: ada.username.toUpperCase() };
  expectLimited(await at(newAddress())[1].login(shouted), "login-account", 3, 8);
  expect((await there.login(bob)).status).toBe(200);
  await eventually(async () => {
    const answer = await here.login(ada);
    expect({ status: answer.status, limit: answer.headers.get("ratelimit") }).toEqual({ status: 200, limit: null });
  }, 30_000);
});

test("a success clears the account's failures", async () => {
  const ada = await registered();
  const [here, there] = at(newAddress());
  for (const client of [here, there]) {
    for (let i = 0; i < 2; i++) expect((await client.login(wrong(ada.username))).status).toBe(401);
    expect((await client.login(ada)).status).toBe(200);
  }
});

test("failed logins from one address count for any name, known or not", async () => {
  const ada = await registered();
  const [here, there] = at(newAddress());
  for (let i = 0; i < 6; i++) {
    expect((await (i % 2 ? here : there).login(wrong(`nobody-${newAddress()}`))).status).toBe(401);
  }
  expectLimited(await here.login(ada), "login-address", 6, 8);
  expect((await at(newAddress())[0].login(ada)).status).toBe(200);
});

test("one attempt per account at a time: failures side by side do not lock the user out", async () => {
  const ada = await registered();
  const [here] = at(newAddress());
  const failed = await Promise.all([here.login(wrong(ada.username)), here.login(wrong(ada.username))]);
  expect(failed.map(({ status }) => status)).toEqual([401, 401]);
  expect((await here.login(ada)).status).toBe(200);
  const all = await Promise.all(Array.from({ length: 6 }, () => letIn(here, ada)));
  expect(all).toEqual([200, 200, 200, 200, 200, 200]);
});

test("nor on several replicas: Keycloak never sees two failures of an account within a second", async () => {
  const ada = await registered();
  const admin = await realmAdmin(journey.stack);
  const [user] = await admin.users.find({ username: ada.username, exact: true });
  const attack = () => admin.attackDetection.findOne({ id: user?.id as string });
  const replicas = at(newAddress());
  const tried = await Promise.all(
    Array.from({ length: 10 }, (_, i) => (replicas[i % 2] as AuthClient).login(wrong(ada.username))),
  );
  const failed = tried.filter(({ status }) => status === 401);
  expect(failed.length).toBeLessThan(3);
  for (const answer of tried.filter(({ status }) => status !== 401)) expectLimited(answer, "login-turn", 1, 1);
  expect(await attack()).toMatchObject({ numFailures: failed.length, disabled: false });
  // Within its wait, as soon as the pause is over.
  expect((await replicas[1].login(ada)).status).toBe(200);
  expect(await attack()).toMatchObject({ numFailures: 0, disabled: false });
  // A success holds nobody up: many tabs, both replicas.
  const all = await Promise.all(Array.from({ length: 6 }, (_, i) => letIn(replicas[i % 2] as AuthClient, ada)));
  expect(all).toEqual([200, 200, 200, 200, 200, 200]);
});

test("a right password is not refused because another login of the account has only just ended", async () => {
  const ada = await registered();
  const replicas = at(newAddress());
  const statuses: number[] = [];
  for (let i = 0; i < amount(40, 500); i++) statuses.push((await (replicas[i % 2] as AuthClient).login(ada)).status);
  expect(statuses.filter((status) => status !== 200)).toEqual([]);
}, 120_000);

test("registrations from one address are limited on all replicas together", async () => {
  const [here, there] = at(newAddress());
  for (const client of [here, there, here, there]) expect((await client.register(newPerson())).status).toBe(201);
  for (const client of [here, there]) {
    expectLimited(await client.register(newPerson()), "register-address", 4, 3600);
  }
  expect((await at(newAddress())[0].register(newPerson())).status).toBe(201);
});

test("an email that is tried again and again is limited wherever it comes from", async () => {
  const { email } = await registered();
  const hunt = () => at(newAddress())[0].register(newPerson({ email }));
  for (let i = 0; i < 2; i++) expect((await hunt()).status).toBe(409);
  expectLimited(await hunt(), "register-account", 2, 3600);
});

test("refreshes of one session are limited on all replicas together", async () => {
  const ada = await registered();
  const [here, there] = at(newAddress());
  const [session, other] = [(await here.login(ada)).body, (await here.login(ada)).body];
  const refresh = (client: AuthClient, { sessionId, tokens }: LoggedIn) =>
    client.refresh({ sessionId, refreshToken: tokens.refresh_token });
  for (const client of [here, there, here, there]) expect((await refresh(client, session)).status).toBe(200);
  for (const client of [here, there]) expectLimited(await refresh(client, session), "refresh-session", 4, 60);
  expect((await refresh(here, other)).status).toBe(200);
});

test("the table says nothing about who was counted, and the metrics say what was refused", async () => {
  const secret = `typed-into-the-wrong-field-${Date.now()}`;
  const address = newAddress();
  expect((await at(address)[0].login(wrong(secret))).status).toBe(401);
  for (const { key } of await journey.sql`SELECT key FROM login_locks`) expect(key).toMatch(/^[\w-]{27}$/);
  const rows = await journey.sql`SELECT key FROM rate_limits`;
  expect(rows.length).toBeGreaterThan(5);
  for (const { key } of rows) expect(key).toMatch(/^(login|register|refresh)-(account|address|session):[\w-]{27}$/);
  expect(await journey.gateway.metrics()).toMatch(/rate_limited_total\{limit="login-account"\} [1-9]/);
  expect(journey.gateway.output + second.output).not.toContain(secret);
});
