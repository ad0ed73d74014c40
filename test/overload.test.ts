import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, type TestRealm, useStack } from "@libs/dev-stack";
import { percentile, runLoad } from "../bench/load.ts";
import { residentMiB } from "../bench/process-cpu.ts";
import { AuthClient } from "./support/auth-client.ts";
import { GatewayProcess, gatewayEnv } from "./support/gateway-process.ts";
import { amount, longForm } from "./support/long-form.ts";
import { newPerson, type Person } from "./support/person.ts";

/** Each account must be free again when its turn comes, so that it is Keycloak that is short, not the account. */
const accounts = amount(120, 400);
const peakMs = amount(3000, 20_000);
const overloadMs = amount(6000, 60_000);

let realm: TestRealm;
let gateway: GatewayProcess;
let people: Person[];
let freshMiB: number;

beforeAll(async () => {
  const stack = await useStack();
  // Keycloak's own Argon2, as in production.
  realm = await stack.createRealm({ passwordPolicy: "length(8)" });
  const { url } = await stack.createDatabase();
  gateway = await GatewayProcess.start(
    gatewayEnv(
      { ...stack, ...realm, databaseUrl: url },
      { KEYCLOAK_HASHING_QUEUE: "16", KEYCLOAK_HASHING_WAIT_MS: "100", LOG_LEVEL: "info" },
    ),
  );
  if (longForm) freshMiB = await settledMiB(gateway.pid);
  const client = new AuthClient(gateway.url);
  people = Array.from({ length: accounts }, () => newPerson());
  const left = [...people];
  const register = async () => {
    for (let person = left.pop(); person; person = left.pop()) {
      expect((await client.register(person)).status).toBe(201);
    }
  };
  await Promise.all(Array.from({ length: 4 }, register));
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  await gateway?.stop();
  await realm?.drop();
});

/** Memory of a process that has served nobody yet, when all that it starts with (query compiler, job queue) is there. */
async function settledMiB(pid: number): Promise<number> {
  for (let before = 0; ; await Bun.sleep(1000)) {
    const now = residentMiB(pid);
    if (now - before < 1) return now;
    before = now;
  }
}

let turn = 0;
async function login(): Promise<Response> {
  const { username, password } = people[turn++ % people.length] as Person;
  const response = await fetch(`${gateway.url}/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
  await response.arrayBuffer();
  return response;
}

interface Arrival {
  status: number;
  retryAfter: string | null;
  ms: number;
}

/** Calls at a fixed rate, whatever the answers do. */
async function arrivals(perSecond: number, durationMs: number): Promise<Arrival[]> {
  const calls: Promise<Arrival>[] = [];
  const started = performance.now();
  for (let elapsed = 0; elapsed < durationMs; elapsed = performance.now() - started) {
    while (calls.length < (elapsed / 1000) * perSecond) calls.push(arrival());
    await Bun.sleep(2);
  }
  return await Promise.all(calls);
}

async function arrival(): Promise<Arrival> {
  const before = performance.now();
  const { status, headers } = await login();
  return { status, retryAfter: headers.get("retry-after"), ms: performance.now() - before };
}

test(
  "five times the logins that Keycloak can hash: it stays at its peak, the rest is refused soon",
  async () => {
    const accepts = async () => void expect((await login()).status).toBe(200);
    await runLoad(accepts, 8, 2000);
    const peak = await runLoad(accepts, 8, peakMs);
    const peakRate = peak.calls / peak.seconds;
    await Bun.sleep(amount(0, 5000));
    const idleMiB = residentMiB(gateway.pid);

    let mostMiB = 0;
    const watch = setInterval(() => {
      mostMiB = Math.max(mostMiB, residentMiB(gateway.pid));
    }, 250);
    const answers = await arrivals(5 * peakRate, overloadMs);
    clearInterval(watch);

    const refused = answers.filter(({ status }) => status !== 200);
    const accepted = answers.filter(({ status }) => status === 200);
    const acceptedRate = accepted.length / (overloadMs / 1000);
    const p99 = percentile(
      refused.map(({ ms }) => ms),
      0.99,
    );
    if (longForm) {
      console.log(
        `Overload: ${answers.length} logins in ${overloadMs / 1000} s, ${(5 * peakRate).toFixed(0)}/s; peak ${peakRate.toFixed(1)}/s, ` +
          `accepted ${acceptedRate.toFixed(1)}/s (p99 ${percentile(
            accepted.map(({ ms }) => ms),
            0.99,
          ).toFixed(0)} ms), ` +
          `refused ${refused.length} (p50 ${percentile(
            refused.map(({ ms }) => ms),
            0.5,
          ).toFixed(0)} ms, p99 ${p99.toFixed(0)} ms), ` +
          `memory ${freshMiB.toFixed(0)} MiB idle before its first request, ${idleMiB.toFixed(0)} MiB idle after its peak, ${mostMiB.toFixed(0)} MiB at most`,
      );
    }
    expect(refused.filter(({ status, retryAfter }) => ![503, 429].includes(status) || !retryAfter)).toEqual([]);
    expect(refused.length).toBeGreaterThan(answers.length / 2);
    // The short form shares the machine with whatever else runs: the figures are the long form's to prove.
    expect(p99).toBeLessThan(longForm ? 250 : 1000);
    expect(acceptedRate).toBeGreaterThan(peakRate * (longForm ? 0.8 : 0.5));
    if (longForm) expect(mostMiB).toBeLessThan(Math.min(freshMiB, idleMiB) * 1.5);
    expect((await login()).status).toBe(200);
  },
  60_000 + overloadMs * 2,
);
