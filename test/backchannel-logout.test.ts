import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { AuthClient, type LoggedIn } from "./support/auth-client.ts";
import { BackChannel } from "./support/back-channel.ts";
import { badLogoutTokens, claimsOf } from "./support/bad-logout-tokens.ts";
import { CountingProxy } from "./support/counting-proxy.ts";
import { eventually } from "./support/eventually.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { newPerson, type Person } from "./support/person.ts";
import { RealmKey } from "./support/realm-key.ts";
import { useReplicas } from "./support/replicas.ts";

// What Keycloak's back channel reports reaches the gateway and is believed for what it is; nothing else is.

const replicas = useReplicas();
let realmKey: RealmKey;

beforeAll(async () => {
  realmKey = await RealmKey.add(replicas.stack, replicas.admin);
});
afterEach(stopGateways, 30_000);

/** Seldom enough that what arrives came through the back channel. */
const seldomRead = { FEED_POLL_INTERVAL_MS: "60000" };

async function listenAt(url: string): Promise<void> {
  const { admin, stack } = replicas;
  const [own] = await admin.clients.find({ clientId: stack.clientId });
  const attributes = { ...own?.attributes, "backchannel.logout.url": url };
  await admin.clients.update({ id: own?.id ?? "" }, { ...own, attributes });
}

const listensAt = (gateway: GatewayProcess) => listenAt(`${gateway.url}/auth/backchannel-logout`);

async function loggedIn(gateway: GatewayProcess): Promise<LoggedIn & { person: Person }> {
  const client = new AuthClient(gateway.url);
  const person = newPerson();
  expect((await client.register(person)).status).toBe(201);
  const { status, body } = await client.login(person);
  expect(status).toBe(200);
  return { ...body, person };
}

const send = (gateway: GatewayProcess, token: string) =>
  fetch(`${gateway.url}/auth/backchannel-logout`, {
    method: "POST",
    body: new URLSearchParams({ logout_token: token }),
  });

async function endReason(sessionId: string): Promise<string | null> {
  const [row] = await replicas.sql`SELECT end_reason FROM sessions WHERE session_id = ${sessionId}`;
  return row.end_reason;
}

const answered = (gateway: GatewayProcess) =>
  gateway
    .entries()
    .filter(({ msg, route }) => msg === "request" && route === "/auth/backchannel-logout")
    .map(({ status }) => status);

describe("a session that ends in Keycloak ends here", () => {
  const ways: [string, (session: LoggedIn) => Promise<unknown>][] = [
    ["by an administrator, by itself", ({ tokens }) => deleteSession(tokens.session_state)],
    ["by an administrator, with all of its user's", ({ user }) => replicas.admin.users.logout({ id: user.id })],
    ["by its own token, past the gateway", ({ tokens }) => logoutAtKeycloak(tokens.refresh_token)],
  ];
  test.each(ways)(
    "%s",
    async (_, end) => {
      const gateway = await replicas.start("directly", seldomRead);
      await listensAt(gateway);
      const session = await loggedIn(gateway);
      const other = await loggedIn(gateway);
      const started = performance.now();
      await end(session);
      await eventually(async () => expect(await endReason(session.sessionId)).toBe("ended_in_keycloak"), 5_000);
      expect(performance.now() - started).toBeLessThan(5_000);
      expect(answered(gateway)).toEqual([200]);
      expect(await endReason(other.sessionId)).toBeNull();
    },
    60_000,
  );

  test("and only then: a token in order about a session that lives there ends nothing", async () => {
    const gateway = await replicas.start("directly", seldomRead);
    const session = await loggedIn(gateway);
    const { issuer, clientId } = replicas.stack;
    const claims = claimsOf({ issuer, clientId, sub: session.user.id, sid: session.tokens.session_state });
    expect((await send(gateway, await realmKey.sign(claims))).status).toBe(200);
    await eventually(async () => {
      const [notice] = await replicas.sql`SELECT passes FROM change_notices WHERE subject = ${claims.sid}`;
      expect(notice.passes).toBe(1);
    });
    expect(await endReason(session.sessionId)).toBeNull();
  });
});

async function deleteSession(session: string): Promise<void> {
  await replicas.admin.realms.deleteSession({ realm: replicas.stack.realm, session, isOffline: false });
}

async function logoutAtKeycloak(refreshToken: string): Promise<void> {
  const { issuer, clientId, clientSecret } = replicas.stack;
  const form = { client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken };
  const answer = await fetch(`${issuer}/protocol/openid-connect/logout`, {
    method: "POST",
    body: new URLSearchParams(form),
  });
  expect(answer.status).toBe(204);
}

test("one replica with one connection is its own receiver: a logout is as quick, and nothing waits for another", async () => {
  const gateway = await replicas.start("directly", { DATABASE_POOL_SIZE: "1" });
  await listensAt(gateway);
  const client = new AuthClient(gateway.url);
  const first = await loggedIn(gateway);
  const others: LoggedIn[] = [];
  for (let i = 0; i < 5; i++) others.push(await loggedIn(gateway));
  const sessions = [first, ...others];
  const logout = ({ sessionId, tokens }: LoggedIn) =>
    client.logout({ sessionId, refreshToken: tokens.refresh_token }).then(({ status }) => status);
  const started = performance.now();
  expect(await logout(first)).toBe(200);
  expect(performance.now() - started).toBeLessThan(3_000);
  expect(await Promise.all(others.map(logout))).toEqual(others.map(() => 200));
  await eventually(() => expect(answered(gateway)).toEqual(sessions.map(() => 200)));
  for (const { sessionId, user } of sessions) {
    expect(await endReason(sessionId)).toBe("logout");
    expect(await replicas.admin.users.listSessions({ id: user.id })).toEqual([]);
  }
});

test("200 tokens that are forged, replayed, expired, misaddressed or mangled: all refused, none does anything", async () => {
  const { stack, sql } = replicas;
  const proxy = CountingProxy.to(stack.keycloakUrl);
  const backChannel = await BackChannel.open();
  try {
    await listenAt(backChannel.url);
    const gateway = await replicas.start("directly", { ...seldomRead, KEYCLOAK_URL: proxy.url });
    const [victim, gone] = [await loggedIn(gateway), await loggedIn(gateway)];
    const sent = backChannel.next();
    await deleteSession(gone.tokens.session_state);
    const genuine = await sent;
    const certs = await fetch(`${stack.issuer}/protocol/openid-connect/certs`);
    const { keys } = (await certs.json()) as { keys: { use: string }[] };
    const { issuer, clientId } = stack;
    const about = { issuer, clientId, sub: victim.user.id, sid: victim.tokens.session_state };
    const bad = await badLogoutTokens({
      ...about,
      genuine,
      realmKey,
      publishedKey: keys.find(({ use }) => use === "sig") ?? {},
    });
    const { access_token, refresh_token, id_token = "" } = victim.tokens;
    bad["another token of the realm"] = [access_token, refresh_token, id_token];
    expect((await send(gateway, genuine)).status).toBe(200);
    await eventually(async () => expect(await endReason(gone.sessionId)).toBe("ended_in_keycloak"));
    // Its second pass is over as well.
    await eventually(async () => expect(await sql`SELECT * FROM change_notices`).toEqual([]), 20_000);
    const listed = Object.entries(bad).flatMap(([kind, tokens]) => tokens.map((token) => ({ kind, token })));
    const replayed = Array.from({ length: Math.max(10, 200 - listed.length) }, () => ({
      kind: "replayed",
      token: genuine,
    }));
    const all = [...listed, ...replayed];
    expect(all.length).toBeGreaterThanOrEqual(200);

    const before = await rows();
    const callsBefore = proxy.calls.length;
    const outcomes = await Promise.all(
      all.map(async ({ kind, token }) => {
        const answer = await send(gateway, token);
        return { kind, status: answer.status, code: ((await answer.json()) as { code: string }).code };
      }),
    );
    const calls = proxy.calls.slice(callsBefore).filter((call) => !isReading(call));
    expect(outcomes.filter(({ status }) => status !== 400)).toEqual([]);
    for (const { kind, code } of outcomes) {
      if (kind === "replayed") expect(code).toBe("logout_token.replayed");
      else expect(["logout_token.invalid", "input.invalid"]).toContain(code);
    }
    expect(calls).toEqual([]);
    expect(await rows()).toEqual(before);
    const refreshed = await new AuthClient(gateway.url).refresh({
      sessionId: victim.sessionId,
      refreshToken: victim.tokens.refresh_token,
    });
    expect(refreshed.status).toBe(200);
  } finally {
    await Promise.all([proxy.stop(), backChannel.stop()]);
  }
}, 90_000);

/** What the readers of events do at their own pace, and the keeping of keys: once a minute, whatever is sent. */
const isReading = (call: string) => /\/(events|admin-events|events\/config|token)$/.test(call);

/** Everything that a logout token could change. */
async function rows() {
  const { sql } = replicas;
  return {
    sessions: await sql`SELECT * FROM sessions ORDER BY session_id`,
    users: await sql`SELECT * FROM users ORDER BY id`,
    notices: await sql`SELECT * FROM change_notices ORDER BY id`,
    logouts: await sql`SELECT * FROM keycloak_logouts`,
    seen: await sql`SELECT * FROM feed_seen_events WHERE source = 'backchannel_logout' ORDER BY event_id`,
  };
}
