// The database comes back as it was before (failover to a lagging standby, restore to a point in time): who holds newer
// refresh tokens goes on, who holds older ones does not.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { AuthClient, type LoggedIn, type ProblemBody } from "./support/auth-client.ts";
import { CountingProxy } from "./support/counting-proxy.ts";
import { eventually } from "./support/eventually.ts";
import type { GatewayProcess } from "./support/gateway-process.ts";
import { logInNewPerson } from "./support/log-in-new-person.ts";
import { useReplicas } from "./support/replicas.ts";

const SESSIONS = 12;
const replicas = useReplicas();
let counter: CountingProxy;
let gateways: GatewayProcess[];
let clients: AuthClient[];
/** Without grace: an older token is not another tab's. */
let strict: AuthClient;

beforeAll(async () => {
  counter = CountingProxy.to(replicas.stack.keycloakUrl);
  const noLimits = { LIMIT_REFRESH_PER_SESSION: "0", LIMIT_REFRESH_PER_ADDRESS: "0" };
  const env = { KEYCLOAK_URL: counter.url, ...noLimits };
  gateways = await Promise.all([
    replicas.start("directly", env),
    replicas.start("directly", env),
    replicas.start("directly", { ...env, REFRESH_GRACE_MS: "0" }),
  ]);
  clients = gateways.slice(0, 2).map(({ url }) => new AuthClient(url));
  strict = new AuthClient(gateways[2]?.url ?? "");
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await Promise.all((gateways ?? []).map((gateway) => gateway.stop()));
  await counter?.stop();
});

const client = (index: number) => clients[index % clients.length] as AuthClient;
const TABLES = ["sessions", "spent_refresh_tokens"] as const;

/** Sessions with all refresh tokens that they ever had, and of which the database knows the first alone. */
interface Lost {
  session: LoggedIn;
  tokens: string[];
}

const loggedIn = (): Promise<LoggedIn> => logInNewPerson(client(0), client(1));

async function refreshed(session: LoggedIn, refreshToken: string, by = client(0)): Promise<string> {
  const { status, body } = await by.refresh({ sessionId: session.sessionId, refreshToken });
  expect(status).toBe(200);
  return body.tokens.refresh_token;
}

/** Sets the sessions' rows back to what they were before `meanwhile`. */
async function losing(sessions: LoggedIn[], meanwhile: () => Promise<unknown>): Promise<void> {
  const { sql } = replicas;
  const ids = sessions.map(({ sessionId }) => sessionId);
  for (const table of TABLES)
    await sql.unsafe(`CREATE TABLE kept_${table} AS SELECT * FROM ${table} WHERE session_id = ANY($1)`, [
      `{${ids.join(",")}}`,
    ]);
  await meanwhile();
  await sql.begin(async (tx) => {
    await tx`DELETE FROM sessions WHERE session_id IN ${sql(ids)}`;
    for (const table of TABLES) {
      await tx.unsafe(`INSERT INTO ${table} SELECT * FROM kept_${table} ON CONFLICT DO NOTHING`);
      await tx.unsafe(`DROP TABLE kept_${table}`);
    }
  });
}

/** @param times how often each was refreshed in the time that is lost */
async function lost(sessions: LoggedIn[], times: number): Promise<Lost[]> {
  const all = sessions.map((session) => ({ session, tokens: [session.tokens.refresh_token] }));
  await losing(sessions, async () => {
    for (const { session, tokens } of all)
      for (let time = 0; time < times; time += 1) tokens.push(await refreshed(session, tokens.at(-1) ?? ""));
  });
  return all;
}

const bring = (by: AuthClient, { session, tokens }: Lost, generation: number) =>
  by.refresh<ProblemBody & LoggedIn>({ sessionId: session.sessionId, refreshToken: tokens.at(generation) ?? "" });
const outcome = ({ status, body }: { status: number; body: { code?: string } }) =>
  body.code ? `${status} ${body.code}` : String(status);

/** Keycloak's times of issue are whole seconds. */
async function nextSecond(): Promise<void> {
  const second = Math.floor(Date.now() / 1000);
  await eventually(() => expect(Math.floor(Date.now() / 1000)).toBeGreaterThan(second));
}

describe.each([
  ["off", false],
  ["on", true],
] as const)("realm rotation %s", (_words, revokeRefreshToken) => {
  beforeAll(async () => {
    const { realm } = replicas.stack;
    await replicas.admin.realms.update({ realm }, { revokeRefreshToken, refreshTokenMaxReuse: 0 });
  });

  test(`${SESSIONS} sessions that were refreshed meanwhile go on, in two tabs each, with one call to Keycloak`, async () => {
    const sessions: LoggedIn[] = [];
    while (sessions.length < SESSIONS) sessions.push(await loggedIn());
    const all = await lost(sessions, 2);
    const answers = await Promise.all(all.flatMap((one) => clients.map((by) => bring(by, one, -1))));
    expect(answers.map(outcome)).toEqual(answers.map(() => "200"));
    for (const [index, { tokens, session }] of all.entries()) {
      expect(counter.refreshesOf(tokens.at(-1) ?? "")).toBe(1);
      const [one, other] = answers.slice(2 * index, 2 * index + 2);
      expect(one?.body.tokens.refresh_token).toBe(other?.body.tokens.refresh_token ?? "");
      await refreshed(session, one?.body.tokens.refresh_token ?? "", client(index));
    }
    // Whichever of the two came first.
    const metrics = await Promise.all(gateways.map((gateway) => gateway.metrics()));
    expect(metrics.join("\n")).toMatch(/^sessions_healed_total [1-9]/m);
  }, 60_000);

  test.each([
    ["of the lost time", 1],
    ["from before it", 0],
  ])("a stolen older token %s is theft after the grace: ended on both sides", async (_when, generation) => {
    const [one] = (await lost([await loggedIn()], 2)) as [Lost];
    await nextSecond();
    const { status, body } = await bring(strict, one, -1);
    expect(status).toBe(200);
    await nextSecond();
    expect(outcome(await bring(strict, one, generation))).toBe("401 session.reuse_detected");
    await expectEnded(one, "refresh_token_reuse");
    one.tokens.push(body.tokens.refresh_token);
    expect(outcome(await bring(client(0), one, -1))).toBe("401 session.invalid");
  });

  test("a stolen older token that comes first gains nothing for long: the newest shows the theft", async () => {
    const [one] = (await lost([await loggedIn()], 2)) as [Lost];
    await nextSecond();
    // With rotation Keycloak itself knows that it was replaced.
    expect(outcome(await bring(strict, one, 1))).toBe(revokeRefreshToken ? "401 session.reuse_detected" : "200");
    await nextSecond();
    const newest = outcome(await bring(strict, one, -1));
    expect(newest).toBe(revokeRefreshToken ? "401 session.invalid" : "401 session.reuse_detected");
    await expectEnded(one, "refresh_token_reuse");
  });

  test("a forged token, and those of another session, change nothing; the newest still heals", async () => {
    const [one, other] = (await lost([await loggedIn(), await loggedIn()], 1)) as [Lost, Lost];
    const [header, payload = "", signature] = (one.tokens.at(-1) ?? "").split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    const forged = (change: object) =>
      `${header}.${Buffer.from(JSON.stringify({ ...claims, ...change })).toString("base64url")}.${signature}`;
    const tokens = [forged({ jti: "other" }), forged({ iat: claims.iat + 60 }), other.tokens.at(-1) ?? ""];
    for (const refreshToken of tokens) {
      const held = { sessionId: one.session.sessionId, refreshToken };
      for (const by of clients) expect(outcome(await by.refresh<ProblemBody>(held))).toBe("401 session.invalid");
      expect(outcome(await client(0).logout<ProblemBody>(held))).toBe("401 session.invalid");
    }
    expect(outcome(await bring(client(0), one, -1))).toBe("200");
    expect(outcome(await bring(client(0), other, -1))).toBe("200");
  });

  test("a lost token logs out, on both sides", async () => {
    const [one] = (await lost([await loggedIn()], 1)) as [Lost];
    const held = { sessionId: one.session.sessionId, refreshToken: one.tokens.at(-1) ?? "" };
    expect((await client(0).logout(held)).status).toBe(200);
    await expectEnded(one, "logout");
  });

  test("a session that was ended in the lost time stays ended through Keycloak", async () => {
    const session = await loggedIn();
    const { sessionId, tokens } = session;
    const held = { sessionId, refreshToken: tokens.refresh_token };
    await losing([session], async () => {
      expect((await client(0).logout(held)).status).toBe(200);
      await eventually(async () => expect(await replicas.sql`SELECT 1 FROM keycloak_logouts`).toHaveLength(0));
    });
    expect(outcome(await client(0).refresh<ProblemBody>(held))).toBe("401 session.refused");
    await expectEnded({ session, tokens: [] }, "refresh_refused");
  });
});

async function expectEnded({ session }: Lost, reason: string): Promise<void> {
  const { sql, admin } = replicas;
  const [row] = await sql`SELECT end_reason, refresh_token FROM sessions WHERE session_id = ${session.sessionId}`;
  expect(row).toEqual({ end_reason: reason, refresh_token: null });
  await eventually(async () => expect(await admin.users.listSessions({ id: session.user.id })).toEqual([]));
}
