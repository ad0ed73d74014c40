import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { AuthClient, type LoggedIn, type ProblemBody } from "./support/auth-client.ts";
import { CountingProxy } from "./support/counting-proxy.ts";
import { eventually } from "./support/eventually.ts";
import type { GatewayProcess } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const callers = 60;
const noLimits = { LIMIT_REFRESH_PER_SESSION: "0", LIMIT_REFRESH_PER_ADDRESS: "0" };
const replicas = useReplicas();
let counter: CountingProxy;
let gateways: GatewayProcess[];
let clients: AuthClient[];

beforeAll(async () => {
  counter = CountingProxy.to(replicas.stack.keycloakUrl);
  const env = { KEYCLOAK_URL: counter.url, ...noLimits };
  gateways = await Promise.all(Array.from({ length: 3 }, () => replicas.start("directly", env)));
  clients = gateways.map(({ url }) => new AuthClient(url));
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await Promise.all((gateways ?? []).map((gateway) => gateway.stop()));
  await counter?.stop();
});

const client = (index: number) => clients[index % clients.length] as AuthClient;
const holdsOf = ({ sessionId, tokens }: LoggedIn) => ({ sessionId, refreshToken: tokens.refresh_token });

async function loggedIn(by = client(0)): Promise<LoggedIn> {
  const person = newPerson();
  expect((await by.register(person)).status).toBe(201);
  const { status, body } = await by.login(person);
  expect(status).toBe(200);
  return body;
}

async function rotation(revokeRefreshToken: boolean, refreshTokenMaxReuse: number) {
  const { realm } = replicas.stack;
  await replicas.admin.realms.update({ realm }, { revokeRefreshToken, refreshTokenMaxReuse });
}

/** Keycloak itself takes the access token: its session is alive. */
async function works(accessToken: string): Promise<boolean> {
  const { issuer } = replicas.stack;
  const url = `${issuer}/protocol/openid-connect/userinfo`;
  return (await fetch(url, { headers: { authorization: `Bearer ${accessToken}` } })).ok;
}

const settings = [
  ["off", false, 0],
  ["on, no reuse", true, 0],
  ["on, one reuse", true, 1],
] as const;

describe.each(settings)("realm rotation %s", (_words, revoke, maxReuse) => {
  test(`${callers} refreshes of one token over 3 replicas are one call to Keycloak, and each gets a working token`, async () => {
    await rotation(revoke, maxReuse);
    const session = await loggedIn();
    const presented = holdsOf(session);
    const answers = await Promise.all(
      Array.from({ length: callers }, (_, caller) => client(caller).refresh(presented)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: callers }, () => 200));
    expect(counter.refreshesOf(presented.refreshToken)).toBe(1);
    const distinct = [...new Map(answers.map(({ body }) => [body.tokens.refresh_token, body.tokens])).values()];
    for (const tokens of distinct) expect(await works(tokens.access_token)).toBe(true);
    const next = { sessionId: session.sessionId, refreshToken: distinct[0]?.refresh_token ?? "" };
    const again = await client(2).refresh(next);
    expect(again.status).toBe(200);
    expect(await works(again.body.tokens.access_token)).toBe(true);
  });
});

describe.each([settings[0], settings[2]])("realm rotation %s", (_words, revoke, maxReuse) => {
  test("a replica killed between Keycloak's answer and its own write is overtaken: the next refresh works", async () => {
    await rotation(revoke, maxReuse);
    const doomed = await replicas.start("proxies");
    const session = await loggedIn(new AuthClient(doomed.url));
    const held = replicas.keycloak.holdAt({ sent: "grant_type=refresh_token", hold: "answer" });
    const cut = new AuthClient(doomed.url).refresh(holdsOf(session)).catch(() => "cut");
    await held;
    doomed.signal("SIGKILL");
    expect(await cut).toBe("cut");
    const next = await eventually(async () => {
      const answer = await client(0).refresh(holdsOf(session));
      expect(answer.status).toBe(200);
      return answer.body.tokens;
    });
    expect(await works(next.access_token)).toBe(true);
    const later = await client(1).refresh({ sessionId: session.sessionId, refreshToken: next.refresh_token });
    expect(later.status).toBe(200);
    expect(await works(later.body.tokens.access_token)).toBe(true);
  });
});

describe("an old token that comes back", () => {
  test("within the grace is an honest tab, on any replica", async () => {
    await rotation(false, 0);
    const session = await loggedIn();
    const tabs = [];
    for (let tab = 0; tab < 6; tab++) tabs.push(await client(tab).refresh(holdsOf(session)));
    expect(tabs.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(new Set(tabs.map(({ body }) => body.tokens.refresh_token)).size).toBe(1);
  });

  test("after it is theft: ended on both sides within a second, logged and counted", async () => {
    const { sql, admin } = replicas;
    const session = await loggedIn();
    expect((await client(0).refresh(holdsOf(session))).status).toBe(200);
    await sql`UPDATE spent_refresh_tokens SET spent_at = spent_at - interval '61 seconds' WHERE session_id = ${session.sessionId}`;
    const started = performance.now();
    const stolen = await client(1).refresh<ProblemBody>(holdsOf(session));
    expect(`${stolen.status} ${stolen.body.code}`).toBe("401 session.reuse_detected");
    await eventually(async () => expect(await admin.users.listSessions({ id: session.user.id })).toEqual([]), 5000);
    expect(performance.now() - started).toBeLessThan(1000);
    const [row] = await sql`SELECT end_reason, refresh_token FROM sessions WHERE session_id = ${session.sessionId}`;
    expect(row).toMatchObject({ end_reason: "refresh_token_reuse", refresh_token: null });
    const logged = await sql`SELECT type FROM activity_logs WHERE user_id = ${session.user.id} ORDER BY id`;
    expect(logged.map(({ type }: { type: string }) => type)).toContain("session.refresh_token_reused");
    expect(await gateways[1]?.metrics()).toMatch(/^session_refresh_token_reuse_total 1$/m);
    await eventually(async () => expect(await sql`SELECT 1 FROM keycloak_logouts`).toHaveLength(0));
  });
});
