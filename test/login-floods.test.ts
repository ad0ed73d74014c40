// Logins beyond all measure hurt logins alone: refreshes go on, Keycloak counts as there, no session is left behind.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type KcAdminClient from "@keycloak/keycloak-admin-client";
import { openTestStack, STACK_TIMEOUT_MS, type TestRealm, type TestStack, useStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { percentile } from "../bench/load.ts";
import { AuthClient, type LoggedIn } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, gatewayEnv } from "./support/gateway-process.ts";
import { type FloodAnswer, floodLogins } from "./support/login-flood.ts";
import { amount, longForm } from "./support/long-form.ts";
import { keycloakUserOf, newPerson, type Person } from "./support/person.ts";
import { realmAdmin } from "./support/realm-admin.ts";

const callers = amount(40, 300);
const durationMs = amount(4000, 15_000);
const few = amount(6, 39);
/** Who refreshes meanwhile, each a few times a second. */
const refreshing = amount(4, 15);

/** The long form's own: its figures are about Keycloak as its own JVM options run it. */
let ownStack: TestStack | undefined;
let realm: TestRealm;
let admin: KcAdminClient;
let sql: SQL;
let gateway: GatewayProcess;
let client: AuthClient;
let people: Person[];
let sessions: LoggedIn[];
let quietP95: number;

beforeAll(async () => {
  if (longForm) ownStack = await openTestStack({ attach: false, jvm: "keycloak" });
  const stack = ownStack ?? (await useStack());
  // Keycloak's own Argon2, as in production.
  realm = await stack.createRealm({ passwordPolicy: "length(8)" });
  admin = await realmAdmin({ ...stack, ...realm });
  const { url } = await stack.createDatabase();
  sql = new SQL(url, { max: 1 });
  // The gateway's own bounds; no limit but those of overload.
  gateway = await GatewayProcess.start(
    gatewayEnv(
      { ...stack, ...realm, databaseUrl: url },
      { KEYCLOAK_HASHING_QUEUE: "16", KEYCLOAK_HASHING_WAIT_MS: "100", LOG_LEVEL: "info" },
    ),
  );
  client = new AuthClient(gateway.url);
  people = Array.from({ length: callers }, () => newPerson());
  // By the administrator: a registration that is lost would be recovered for minutes.
  for (const person of people) await admin.users.create(keycloakUserOf(person));
  sessions = [];
  for (const person of people.slice(0, refreshing)) {
    const login = await eventually(async () => {
      const answer = await client.login(person);
      expect(answer.status).toBe(200);
      return answer;
    });
    sessions.push(login.body);
  }
  // A server that has run for a while: not one whose password hashing is not compiled yet.
  if (longForm) await floodLogins({ url: gateway.url, callers: 8, durationMs, logins: right(people) });
  quietP95 = percentile((await refreshWhile(Bun.sleep(durationMs))).latencies, 0.95);
}, STACK_TIMEOUT_MS * 3);
afterAll(async () => {
  await gateway?.stop();
  await sql?.close();
  await realm?.drop();
  await ownStack?.stop();
});

/** Keeps refreshing, and asks whether the gateway is ready, until `work` is done. */
async function refreshWhile<T>(work: Promise<T>) {
  let running = true;
  const done = work.finally(() => {
    running = false;
  });
  const latencies: number[] = [];
  const failures: string[] = [];
  const refresh = async (session: LoggedIn) => {
    while (running) {
      const before = performance.now();
      const { sessionId, tokens } = session;
      const answer = await client.refresh({ sessionId, refreshToken: tokens.refresh_token });
      latencies.push(performance.now() - before);
      if (answer.status === 200) session.tokens = answer.body.tokens;
      else failures.push(`refresh: ${answer.raw}`);
      await Bun.sleep(300);
    }
  };
  const probe = async () => {
    while (running) {
      const answer = await client.get("/health/ready");
      if (answer.status !== 200) failures.push(`ready: ${answer.raw}`);
      await Bun.sleep(200);
    }
  };
  const [result] = await Promise.all([done, probe(), ...sessions.map(refresh)]);
  return { result, latencies, failures };
}

const right = (whom: Person[]) => whom.map(({ username, password }) => ({ username, password }));
const wrong = (whom: Person[]) => whom.map(({ username }) => ({ username, password: "not-the-password" }));

const floods: [name: string, logins: () => { username: string; password: string }[], statuses: number[]][] = [
  ["right passwords, distinct accounts", () => right(people), [200, 429, 503]],
  ["right passwords, few accounts", () => right(people.slice(-few)), [200, 429, 503]],
  // Few of them succeed while they are being tried, none afterwards: Keycloak locks them.
  ["wrong passwords, few accounts", () => wrong(people.slice(-few)), [401, 429, 503]],
  ["wrong passwords, distinct accounts", () => wrong(people), [401, 429, 503]],
];

test.each(floods)(
  "%s",
  async (name, logins, statuses) => {
    const flood = { url: gateway.url, callers, durationMs, logins: logins() };
    const { result: answers, latencies, failures } = await refreshWhile(floodLogins(flood));
    const p95 = percentile(latencies, 0.95);
    if (longForm || process.env.FLOOD_FIGURES)
      console.log(`${name}: ${figures(answers)}; ${refreshFigures(latencies, failures)}`);

    expect(failures).toEqual([]);
    expect(await gateway.metrics()).not.toMatch(/keycloak_circuit_state\{[^}]*\} [12]/);
    expect(gateway.entries().filter(({ circuit }) => circuit === "open")).toEqual([]);
    // Keycloak is given more than it can do in time only where other things use the machine up: it may then still be at a
    // login when the next one of the account comes, and refuses that one.
    const late = answers.filter(({ code }) => code === "keycloak.timeout");
    if (longForm) expect(late).toEqual([]);
    const expected = late.length > 0 ? [...statuses, 401, 504] : statuses;
    expect(answers.filter(({ status }) => !expected.includes(status))).toEqual([]);
    const turnedAway = answers.filter(({ status }) => status === 429 || status === 503);
    expect(turnedAway.filter(({ hasRetryAfter }) => !hasRetryAfter)).toEqual([]);
    expect(
      turnedAway.map(({ code }) => code).filter((code) => code !== "rate.limited" && code !== "service.overloaded"),
    ).toEqual([]);
    // The short form shares the machine with whatever else runs: the figures are the long form's to prove.
    if (longForm) {
      expect(p95).toBeLessThan(3 * quietP95);
      expect(
        percentile(
          turnedAway.map(({ ms }) => ms),
          0.95,
        ),
      ).toBeLessThan(1500);
    }
  },
  60_000 + durationMs,
);

test("no login has left a session behind that is not here", async () => {
  for (const { username } of [...people.slice(0, 5), ...people.slice(-few)]) {
    const [user] = await admin.users.find({ username, exact: true });
    await eventually(async () => {
      const there = await admin.users.listSessions({ id: String(user?.id) });
      const here = await sql`SELECT keycloak_session_id FROM sessions WHERE user_id = ${user?.id} AND ended_at IS NULL`;
      expect(there.map(({ id }) => id).sort()).toEqual(
        here.map((row: { keycloak_session_id: string }) => row.keycloak_session_id).sort(),
      );
    });
  }
}, 60_000);

function figures(answers: FloodAnswer[]): string {
  const kinds = Map.groupBy(answers, ({ status, code }) => `${status} ${code}`.trim());
  return [...kinds]
    .map(([kind, of]) => {
      const ms = of.map((answer) => answer.ms);
      return `${kind} ${of.length} (p50 ${percentile(ms, 0.5).toFixed(0)} ms, p95 ${percentile(ms, 0.95).toFixed(0)} ms, most ${Math.max(...ms).toFixed(0)} ms)`;
    })
    .join(", ");
}

const refreshFigures = (latencies: number[], failures: string[]) =>
  `${latencies.length} refreshes p50 ${percentile(latencies, 0.5).toFixed(0)} ms, p95 ${percentile(latencies, 0.95).toFixed(0)} ms (quiet ${quietP95.toFixed(0)} ms), ${failures.length} failures`;
