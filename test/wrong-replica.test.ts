// A rolling update with a wrong secret: two good replicas go on under load, and the new one gets no traffic.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, type TestStack, useStack } from "@libs/dev-stack";
import { AuthClient, type LoggedIn } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, gatewayEnv, stopGateways } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { problemLines, readyOf } from "./support/wrong-configuration.ts";

const PEOPLE = 6;
/** Rounds of each person before the wrong replica comes, and after. */
const ROUNDS = 12;

/** Sends each request to the next of the replicas that say that they are ready, as a load balancer does. */
class Balancer {
  readonly replicas: GatewayProcess[] = [];
  readonly served = new Map<string, number>();
  #ready: GatewayProcess[] = [];
  #next = 0;
  #stopped = false;
  #probing: Promise<void> | undefined;

  start(): void {
    this.#probing = (async () => {
      while (!this.#stopped) {
        await this.probe();
        await Bun.sleep(50);
      }
    })();
  }

  async probe(): Promise<void> {
    const ready = await Promise.all(this.replicas.map(async (replica) => (await readyOf(replica)).status === 200));
    this.#ready = this.replicas.filter((_, at) => ready[at]);
  }

  /** @throws when others are ready, or fewer */
  async expectReady(count: number): Promise<void> {
    await this.probe();
    expect(this.#ready).toHaveLength(count);
  }

  next(): string {
    this.#next += 1;
    const { url = "" } = this.#ready[this.#next % this.#ready.length] ?? {};
    this.served.set(url, (this.served.get(url) ?? 0) + 1);
    return url;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#probing;
  }
}

let stack: TestStack;
const balancer = new Balancer();

beforeAll(async () => {
  const shared = await useStack();
  const { url: databaseUrl } = await shared.createDatabase();
  stack = { ...shared, databaseUrl };
  balancer.replicas.push(...(await Promise.all([1, 2].map(() => GatewayProcess.start(gatewayEnv(stack))))));
  await eventually(() => balancer.expectReady(2), 30_000);
  balancer.start();
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await balancer.stop();
  await stopGateways();
});

const failures: string[] = [];
async function expectOk(what: string, call: Promise<{ status: number; raw: string }>): Promise<void> {
  const { status, raw } = await call;
  if (status >= 400) failures.push(`${what}: ${status} ${raw}`);
}

async function visit(person: ReturnType<typeof newPerson>, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const login = await new AuthClient(balancer.next()).login(person);
    await expectOk("login", Promise.resolve(login));
    const { tokens, sessionId } = login.body as LoggedIn;
    const bearer = { authorization: `Bearer ${tokens?.access_token}` };
    await expectOk("me", new AuthClient(balancer.next(), bearer).get("/auth/me"));
    const body = { refreshToken: tokens?.refresh_token, sessionId };
    await expectOk("refresh", new AuthClient(balancer.next()).post("/auth/refresh", body));
  }
}

test("no request fails, and the wrong replica serves none", async () => {
  const people = Array.from({ length: PEOPLE }, () => newPerson());
  for (const person of people) await expectOk("register", new AuthClient(balancer.next()).register(person));
  const load = people.map((person) => visit(person, ROUNDS));
  const wrong = await GatewayProcess.start(gatewayEnv(stack, { KEYCLOAK_CLIENT_SECRET: "of-the-other-environment" }));
  balancer.replicas.push(wrong);
  await Promise.all(load);
  await balancer.probe();
  await Promise.all(people.map((person) => visit(person, ROUNDS)));
  expect(failures).toEqual([]);
  expect(balancer.served.get(wrong.url)).toBeUndefined();
  expect([...balancer.served.values()].reduce((sum, count) => sum + count, 0)).toBe(PEOPLE + 2 * PEOPLE * ROUNDS * 3);
  expect(problemLines(wrong, "client.refused")).toHaveLength(1);
  // Had it been asked, it would have failed.
  expect((await new AuthClient(wrong.url).login(people[0] as (typeof people)[number])).status).toBe(502);
}, 120_000);
