// The encryption key is changed under refresh traffic: nobody's refresh fails, and kills cost nothing.
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, type TestStack, useStack } from "@libs/dev-stack";
import { SQL } from "bun";
import { AuthClient } from "./support/auth-client.ts";
import { AuthctlProcess, authctlEnv } from "./support/authctl-process.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, gatewayEnv } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { insertSealedSessions, newTokenKey, valuesByKey } from "./support/sealed-sessions.ts";

const people = 8;
const sealed = Number(process.env.REENCRYPT_SESSIONS ?? (process.env.SOAK ? 100_000 : 4_000));
const [oldKey, newKey] = [newTokenKey("old"), newTokenKey("new")];

interface Session {
  sessionId: string;
  refreshToken: string;
}

let stack: TestStack;
let databaseUrl: string;
let sql: SQL;
let sessions: Session[];
let traffic: ReturnType<typeof refreshTraffic> | undefined;
beforeAll(async () => {
  stack = await useStack();
  databaseUrl = (await stack.createDatabase()).url;
  sql = new SQL(databaseUrl, { max: 2 });
  const gateway = await startGateway(oldKey);
  sessions = await logInPeople(new AuthClient(gateway.url));
  await gateway.stop();
  await insertSealedSessions(sql, oldKey, sealed);
}, STACK_TIMEOUT_MS);
afterAll(() => sql?.close());
// Also after a failure: traffic that went on would fail once more for each worker.
afterEach(async () => {
  await traffic?.();
});

const startGateway = (keys: string) =>
  GatewayProcess.start(
    gatewayEnv(
      { ...stack, databaseUrl, tokenEncryptionKeys: keys },
      // The made-up user of the sealed sessions is not in Keycloak: a reconciliation would end them all.
      { RECONCILE_ENABLED: "false", FEED_ENABLED: "false" },
    ),
  );

async function logInPeople(client: AuthClient): Promise<Session[]> {
  const opened: Session[] = [];
  for (let count = 0; count < people; count += 1) {
    const person = newPerson();
    await client.register(person);
    const { body } = await client.login(person);
    opened.push({ sessionId: body.sessionId, refreshToken: body.tokens.refresh_token });
  }
  return opened;
}

/** Everybody refreshes again and again. @returns ends it, and says how many there were and those that failed */
function refreshTraffic(client: AuthClient): () => Promise<{ done: number; failed: string[] }> {
  let [running, done] = [true, 0];
  const failed: string[] = [];
  const workers = sessions.map(async (session) => {
    while (running) {
      const { status, body, raw } = await client.refresh(session);
      if (status === 200) session.refreshToken = body.tokens.refresh_token;
      else failed.push(`${status} ${raw.slice(0, 200)}`);
      done += 1;
      await Bun.sleep(20);
    }
  });
  return async () => {
    running = false;
    await Promise.all(workers);
    return { done, failed };
  };
}

const reencrypt = (...args: string[]) =>
  AuthctlProcess.start({ ...authctlEnv({ ...stack, databaseUrl }), TOKEN_ENCRYPTION_KEYS: `${newKey},${oldKey}` }, [
    "keys",
    "reencrypt",
    ...args,
  ]);

test("keys reencrypt moves every token, killed twice, while everybody refreshes", async () => {
  const gateway = await startGateway(`${newKey},${oldKey}`);
  traffic = refreshTraffic(new AuthClient(gateway.url));
  for (let kill = 1; kill <= 2; kill += 1) {
    const before = (await valuesByKey(sql)).old ?? 0;
    const run = reencrypt("--max-rate", String(Math.ceil(sealed / 10)), "--batch-size", "50");
    await eventually(async () => {
      expect((await valuesByKey(sql)).old ?? 0).toBeLessThan(before - sealed / 10);
    }, 60_000);
    expect(await run.kill(), run.errors).toBe(true);
    expect((await valuesByKey(sql)).old).toBeGreaterThan(0);
  }
  const started = performance.now();
  const result = await reencrypt().result<{ moved: number; leftOut: number; keys: object[] }>();
  const seconds = (performance.now() - started) / 1000;
  const { done, failed } = await traffic();
  console.log(
    `${sealed} sessions: the last run moved ${result.moved} in ${seconds.toFixed(1)} s, left out ${result.leftOut}; ${done} refreshes`,
  );
  expect(failed).toEqual([]);
  expect(done).toBeGreaterThan(people);
  expect(Object.keys(await valuesByKey(sql))).toEqual(["new"]);
  expect(result.moved).toBeGreaterThan(0);
  expect(result.keys).toContainEqual({ keyId: "old", place: "other", values: 0, neededUntil: null, mayGo: true });
  await gateway.stop();
}, 600_000);

test("without the old key everybody goes on", async () => {
  const gateway = await startGateway(newKey);
  const client = new AuthClient(gateway.url);
  for (const session of sessions) expect((await client.refresh(session)).status).toBe(200);
  await gateway.stop();
});
