// Two PostgreSQL servers behind HAProxy: the primary is left, dies, and takes commits with it that its standby never got.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type KcAdminClient from "@keycloak/keycloak-admin-client";
import { migrate } from "@libs/database/migrate";
import { ReplicatedPostgres, STACK_TIMEOUT_MS, type TestRealm, useStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { disagreement, inStep } from "./support/agreement.ts";
import { AuthClient, type LoggedIn, type ProblemBody } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { statusFor } from "./support/fleet.ts";
import { GatewayProcess, gatewayEnv, stopGateways } from "./support/gateway-process.ts";
import { logInNewPerson } from "./support/log-in-new-person.ts";
import { MixedTraffic } from "./support/mixed-traffic.ts";
import { realmAdmin } from "./support/realm-admin.ts";
import { quickRecovery } from "./support/replicas.ts";
import { TcpProxy } from "./support/tcp-proxy.ts";

const DATABASE = "app";
const SESSIONS = 12;
/** From the promotion until every replica writes again. Milliseconds. */
const BACK_WITHIN_MS = 10_000;

let servers: ReplicatedPostgres;
let realm: TestRealm;
let admin: KcAdminClient;
let env: Record<string, string>;
let gateways: GatewayProcess[];
let sql: SQL;

beforeAll(async () => {
  const stack = await useStack();
  [servers, realm] = await Promise.all([ReplicatedPostgres.open(4), stack.createRealm()]);
  const setUp = new SQL(servers.primaryUrl("postgres"), { max: 1 });
  await setUp.unsafe(`CREATE DATABASE ${DATABASE}`);
  await setUp.close();
  await migrate(servers.primaryUrl(DATABASE));
  const own = { ...stack, ...realm, databaseUrl: servers.url(DATABASE) };
  admin = await realmAdmin(own);
  const noLimits = { LIMIT_REFRESH_PER_SESSION: "0", LIMIT_REFRESH_PER_ADDRESS: "0" };
  env = gatewayEnv(own, { ...quickRecovery, ...noLimits });
  gateways = await Promise.all([GatewayProcess.start(env), GatewayProcess.start(env)]);
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await stopGateways();
  await sql?.close();
  await servers?.stop();
  await realm?.drop();
});

const client = (replica: number) => new AuthClient(gateways[replica % gateways.length]?.url ?? "");
const holds = ({ sessionId, tokens }: LoggedIn) => ({ sessionId, refreshToken: tokens.refresh_token });

const loggedIn = (): Promise<LoggedIn> => logInNewPerson(client(0), client(1));

const failuresOf = ({ counts }: MixedTraffic) =>
  Object.entries(counts).reduce((sum, [outcome, count]) => sum + (/50[0-9]|cut/.test(outcome) ? count : 0), 0);

/**
 * Has the primary change under traffic: failed calls are counted, and afterwards nobody is lost or half done.
 * @param change ends with the promotion
 */
async function underTraffic(change: () => Promise<unknown>): Promise<void> {
  const traffic = new MixedTraffic(() => gateways.map(({ url }) => url));
  const done = traffic.run(6);
  await eventually(() => expect(traffic.counts["refresh 200"]).toBeGreaterThan(10), 30_000);
  const before = failuresOf(traffic);
  await change();
  const promotedAt = performance.now();
  const probes = await Promise.all(gateways.map(() => loggedInAt(promotedAt)));
  expect(probes.every((ms) => ms < BACK_WITHIN_MS)).toBe(true);
  const [writes, failed] = [Math.max(...probes), failuresOf(traffic) - before];
  traffic.stop();
  await done;
  console.log(`writes were back ${writes.toFixed(0)} ms after the promotion; ${failed} calls failed`);
  expect(traffic.forbidden).toEqual([]);
  expect(traffic.lostSessions).toEqual([]);
  expect(traffic.wronglyRefused).toEqual([]);
  sql = new SQL(servers.primaryUrl(DATABASE), { max: 2 });
  await eventually(async () => expect(await disagreement(admin, sql)).toEqual(inStep), 30_000);
  const known = await sql`SELECT id FROM users WHERE id IN ${sql(traffic.welcomed.map(({ userId }) => userId))}`;
  expect(known).toHaveLength(traffic.welcomed.length);
}

/** Registers and logs in until both succeed. @returns how long after `since` they did, in milliseconds */
async function loggedInAt(since: number): Promise<number> {
  return await eventually(async () => {
    await loggedIn();
    return performance.now() - since;
  }, 2 * BACK_WITHIN_MS);
}

/** What one replica ends, each one's guard refuses: it listens to the server that is written to. */
async function expectRevocationReaches(): Promise<void> {
  const session = await loggedIn();
  const urls = gateways.map(({ url }) => `${url}/auth/me`);
  for (const url of urls) expect(await statusFor(session.tokens.access_token, url)).toBe(200);
  expect((await client(0).logout(holds(session))).status).toBe(200);
  for (const url of urls)
    await eventually(async () => expect(await statusFor(session.tokens.access_token, url)).toBe(401), 3_000);
}

describe("nothing that was answered is lost, where a commit waits for the standby", () => {
  beforeEach(async () => {
    await servers.addStandby({ synchronous: true });
  }, 60_000);

  test("a switch-over that leaves connections on a server which only reads", async () => {
    await underTraffic(async () => {
      await servers.makeReadOnly();
      await servers.caughtUp();
      await servers.promote();
    });
    await expectRevocationReaches();
    await servers.stopOthers();
  }, 90_000);

  test("the primary dies, its standby is promoted", async () => {
    await underTraffic(async () => {
      await servers.crash();
      await servers.promote();
    });
    await expectRevocationReaches();
  }, 90_000);
});

describe("commits are lost, where the standby lags", () => {
  test(`${SESSIONS} sessions that were refreshed meanwhile go on; a stolen older token is recognised`, async () => {
    const link = await TcpProxy.to("127.0.0.1", servers.primaryPort);
    await servers.addStandby({ synchronous: false, throughPort: link.port });
    const sessions: LoggedIn[] = [];
    while (sessions.length < SESSIONS) sessions.push(await loggedIn());
    await servers.caughtUp();

    link.mode = "refuse";
    const tokensOf: string[][] = sessions.map(({ tokens }) => [tokens.refresh_token]);
    for (const round of [0, 1])
      for (const [index, { sessionId }] of sessions.entries()) {
        const mine = tokensOf[index] as string[];
        const { status, body } = await client(round + index).refresh({ sessionId, refreshToken: mine.at(-1) ?? "" });
        expect(status).toBe(200);
        mine.push(body.tokens.refresh_token);
      }
    const lostLogin = await loggedIn();
    await servers.crash();
    await servers.promote();
    await link.stop();

    // Two tabs of each, at different replicas.
    await eventually(async () => expect((await client(0).get("/health/ready")).status).toBe(200), BACK_WITHIN_MS);
    await eventually(async () => expect((await client(1).get("/health/ready")).status).toBe(200), BACK_WITHIN_MS);
    const refresh = (index: number, generation: number, by = client(index)) =>
      by.refresh<ProblemBody>({
        sessionId: sessions[index]?.sessionId ?? "",
        refreshToken: tokensOf[index]?.at(generation) ?? "",
      });
    const answers = await Promise.all(
      sessions.flatMap((_, index) => [refresh(index, -1, client(0)), refresh(index, -1, client(1))]),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));

    // No grace: an older token is not another tab's.
    const strict = await GatewayProcess.start({ ...env, REFRESH_GRACE_MS: "0" });
    const stolen = await refresh(0, 1, new AuthClient(strict.url));
    expect(`${stolen.status} ${stolen.body.code}`).toBe("401 session.reuse_detected");
    const known = await refresh(1, 0, new AuthClient(strict.url));
    expect(`${known.status} ${known.body.code}`).toBe("401 session.reuse_detected");
    await eventually(async () => {
      for (const { user } of sessions.slice(0, 2)) expect(await admin.users.listSessions({ id: user.id })).toEqual([]);
    });
    // A login whose row is lost has nothing to heal: its person logs in again.
    const again = await client(0).refresh<ProblemBody>(holds(lostLogin));
    expect(`${again.status} ${again.body.code}`).toBe("401 session.invalid");
  }, 90_000);
});
