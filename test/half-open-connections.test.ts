// A gateway in the network forgets connections: what is sent on them is lost, and no side is informed. Gateway and orders
// service reach both servers through such a one.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, useStack } from "@libs/dev-stack";
import { type Answer, AuthClient, type LoggedIn } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, gatewayEnv, ordersEnv } from "./support/gateway-process.ts";
import { amount, longForm } from "./support/long-form.ts";
import { newPerson, type Person } from "./support/person.ts";
import { TcpProxy } from "./support/tcp-proxy.ts";

const ROUNDS = amount(5, 20);
/** People who use connections at the same time, so that each pool has several. */
const PEOPLE = 6;

/** Counted in the long form alone: on a busy machine other answers are as slow. */
const SLOW_MS = 1_000;

/** Of one cut. */
interface Figure {
  failed: number;
  slow: number;
  longestMs: number;
}

interface Session {
  person: Person;
  sessionId: string;
  refreshToken: string;
  accessToken: string;
}

let proxies: { keycloak: TcpProxy; postgres: TcpProxy };
let gateway: GatewayProcess;
let orders: GatewayProcess;
let client: AuthClient;
let sessions: Session[];
let nextPerson = 0;

beforeAll(async () => {
  const stack = await useStack();
  const { url } = await stack.createDatabase();
  const through = async (address: string) => {
    const target = new URL(address);
    const proxy = await TcpProxy.to(target.hostname, Number(target.port));
    return { proxy, url: Object.assign(target, { hostname: "127.0.0.1", port: String(proxy.port) }).href };
  };
  const [keycloak, postgres] = await Promise.all([through(stack.keycloakUrl), through(url)]);
  proxies = { keycloak: keycloak.proxy, postgres: postgres.proxy };
  const proxied = { ...stack, keycloakUrl: keycloak.url, databaseUrl: postgres.url };
  gateway = await GatewayProcess.start(gatewayEnv(proxied));
  orders = await GatewayProcess.start(ordersEnv(proxied), "orders");
  client = new AuthClient(gateway.url);
  for (const { url: base } of [gateway, orders])
    await eventually(async () => expect((await fetch(`${base}/health/ready`)).status).toBe(200), 30_000);
  const people = await Promise.all(Array.from({ length: PEOPLE }, newPerson));
  sessions = [];
  for (const person of people) {
    expect((await client.register(person)).status).toBe(201);
    sessions.push(sessionOf(person, await client.login(person)));
  }
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await Promise.all([gateway?.stop(), orders?.stop()]);
  await Promise.all([proxies?.keycloak.stop(), proxies?.postgres.stop()]);
});

function sessionOf(person: Person, { status, body, raw }: Answer<LoggedIn>): Session {
  expect(status === 200 ? "" : raw).toBe("");
  const { access_token: accessToken, refresh_token: refreshToken } = body.tokens;
  return { person, sessionId: body.sessionId, refreshToken, accessToken };
}

/** Somebody else each time. */
const somebody = () => sessions[nextPerson++ % sessions.length] as Session;

async function refresh(session: Session): Promise<{ status: number }> {
  const answer = await client.refresh({ sessionId: session.sessionId, refreshToken: session.refreshToken });
  if (answer.status === 200) {
    session.refreshToken = answer.body.tokens.refresh_token;
    session.accessToken = answer.body.tokens.access_token;
  }
  return answer;
}

async function get(url: string, session?: Session): Promise<{ status: number }> {
  const answer = await fetch(url, session && { headers: { authorization: `Bearer ${session.accessToken}` } });
  await answer.text();
  return answer;
}

/** Each flow, with the service that it calls. */
const calls: [service: "gateway" | "orders", name: string, call: () => Promise<{ status: number }>][] = [
  ["gateway", "refresh", () => refresh(somebody())],
  ["gateway", "guarded route", () => get(`${gateway.url}/auth/me`, somebody())],
  ["gateway", "sessions", () => get(`${gateway.url}/auth/sessions`, somebody())],
  ["gateway", "login", () => client.login(somebody().person)],
  ["gateway", "register", () => client.register(newPerson())],
  [
    "gateway",
    "logout",
    async () => {
      const session = somebody();
      const answer = await client.logout({ sessionId: session.sessionId, refreshToken: session.refreshToken });
      if (answer.status === 200) Object.assign(session, sessionOf(session.person, await client.login(session.person)));
      return answer;
    },
  ],
  ["gateway", "readiness", () => get(`${gateway.url}/health/ready`)],
  ["orders", "guarded route of another service", () => get(`${orders.url}/orders`, somebody())],
  ["orders", "readiness of another service", () => get(`${orders.url}/health/ready`)],
];

/** Opens several connections in every pool. */
const useBoth = () =>
  Promise.all([
    ...sessions.map(refresh),
    ...sessions.map((session) => get(`${orders.url}/orders`, session)),
    ...sessions.map((session) => get(`${gateway.url}/auth/sessions`, session)),
  ]);

for (const server of ["keycloak", "postgres"] as const) {
  test(`${server}: after each loss at most one call fails in a process, and it is good the next time`, async () => {
    const proxy = proxies[server];
    const figures: Figure[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await eventually(async () => {
        await useBoth();
        expect(proxy.open).toBeGreaterThan(3);
      });
      proxy.lost.length = 0;
      proxy.forget();
      const failures: Record<"gateway" | "orders", string[]> = { gateway: [], orders: [] };
      const figure: Figure = { failed: 0, slow: 0, longestMs: 0 };
      for (const [service, name, call] of calls) {
        const first = await timed(call, figure);
        if (first.status < 400) continue;
        failures[service].push(`${name}: ${first.status}`);
        expect([503, 504]).toContain(first.status);
        expect({ name, again: (await timed(call, figure)).status < 400 }).toEqual({ name, again: true });
      }
      figure.failed = failures.gateway.length + failures.orders.length;
      figures.push(figure);
      expect(failures.gateway.length).toBeLessThanOrEqual(1);
      expect(failures.orders.length).toBeLessThanOrEqual(1);
      // Of what can't be repeated: logins, which are the same call, are never lost.
      expect(proxy.lost.filter((sent) => /^POST \S+\/token /.test(sent)).length).toBeLessThanOrEqual(1);
    }
    if (longForm) console.log(server, report(figures));
  }, 600_000);
}

async function timed(call: () => Promise<{ status: number }>, figure: Figure): Promise<{ status: number }> {
  const startedAt = performance.now();
  const answer = await call();
  const ms = performance.now() - startedAt;
  figure.longestMs = Math.max(figure.longestMs, ms);
  if (ms > SLOW_MS) figure.slow += 1;
  return answer;
}

function report(figures: Figure[]) {
  const most = (values: number[]) => Math.round(Math.max(...values));
  return {
    cuts: figures.length,
    failedPerCut: most(figures.map(({ failed }) => failed)),
    failed: figures.reduce((sum, { failed }) => sum + failed, 0),
    slowPerCut: most(figures.map(({ slow }) => slow)),
    slow: figures.reduce((sum, { slow }) => sum + slow, 0),
    longestMs: most(figures.map(({ longestMs }) => longestMs)),
  };
}
