// A database or an account whose transactions run at another level than PostgreSQL's own default: nobody notices.
import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, type TestStack, useStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { AuthClient, type LoggedIn } from "./support/auth-client.ts";
import { GatewayProcess, gatewayEnv } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";

const ROUNDS = 2;
/** Nothing but the database may make a call fail here. */
const settings = {
  LIMIT_REFRESH_PER_SESSION: "0",
  LIMIT_REFRESH_PER_ADDRESS: "0",
  KEYCLOAK_TIMEOUT_MS: "20000",
  REQUEST_TIMEOUT_MS: "25000",
  KEYCLOAK_HASHING_WAIT_MS: "10000",
};

let stack: TestStack;
let sql: SQL;
let gateways: GatewayProcess[] = [];
let clients: AuthClient[] = [];

beforeAll(async () => {
  stack = await useStack();
}, STACK_TIMEOUT_MS);

afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
  await sql?.close();
});

const client = (index: number) => clients[index % clients.length] as AuthClient;
const holds = ({ sessionId, tokens }: LoggedIn) => ({ sessionId, refreshToken: tokens.refresh_token });

/** Two replicas on a database of their own, whose default is another level. */
async function startOn(level: string): Promise<void> {
  const { url } = await stack.createDatabase();
  const name = new URL(url).pathname.slice(1);
  sql = new SQL(url, { max: 2 });
  await sql.unsafe(`ALTER DATABASE ${name} SET default_transaction_isolation = '${level}'`);
  const env = gatewayEnv(stack, { DATABASE_URL: url, ...settings });
  gateways = await Promise.all([GatewayProcess.start(env), GatewayProcess.start(env)]);
  clients = gateways.map((gateway) => new AuthClient(gateway.url));
}

/** Sends `many` calls at once, over both replicas. @returns their statuses, each with how often it came */
async function race(many: number, call: (by: AuthClient, index: number) => Promise<{ status: number }>) {
  const answers = await Promise.all(Array.from({ length: many }, (_, index) => call(client(index), index)));
  return Object.fromEntries(
    [...new Set(answers.map(({ status }) => status))]
      .sort()
      .map((status) => [status, answers.filter((answer) => answer.status === status).length]),
  );
}

describe.each(["repeatable read", "serializable"])("a database that is %s by default", (level) => {
  test("races of registrations, logins, refreshes and logouts: none fails, and none is half done", async () => {
    await startOn(level);
    for (let round = 0; round < ROUNDS; round += 1) {
      const others = Array.from({ length: 4 }, () => newPerson());
      expect(await race(4, (by, index) => by.register(others[index]))).toEqual({ 201: 4 });

      const person = newPerson();
      expect(await race(4, (by) => by.register(person))).toEqual({ 201: 1, 409: 3 });
      const logins: LoggedIn[] = [];
      const logIn = async (by: AuthClient, index: number) => {
        const answer = await by.login(others[index] ?? person);
        logins.push(answer.body);
        return answer;
      };
      expect(await race(5, logIn)).toEqual({ 200: 5 });

      const [first] = logins as [LoggedIn];
      expect(await race(16, (by) => by.refresh(holds(first)))).toEqual({ 200: 16 });
      expect(await race(20, (by, index) => by.refresh(holds(logins[index % 5] as LoggedIn)))).toEqual({ 200: 20 });
      expect(await race(16, (by) => by.logout(holds(first)))).toEqual({ 200: 16 });
      expect(
        await race(20, (by, index) => {
          const session = holds(logins[index % 5] as LoggedIn);
          return index < 10 ? by.refresh(session) : by.logout(session);
        }),
      ).not.toHaveProperty("503");
      expect(await race(5, (by, index) => by.logout(holds(logins[index] as LoggedIn)))).toEqual({ 200: 5 });
    }
    const [{ unfinished }] = await sql`
      SELECT count(*)::int AS unfinished FROM registrations WHERE state NOT IN ('completed', 'failed', 'undone')`;
    expect(unfinished).toBe(0);
    expect((await sql`SELECT 1 FROM sessions WHERE ended_at IS NULL`).length).toBe(0);
  }, 60_000);
});
