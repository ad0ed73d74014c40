// Sessions whose end Keycloak does not report are found by asking for them; no living one is ended.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { AuthClient } from "./support/auth-client.ts";
import { CountingProxy } from "./support/counting-proxy.ts";
import { eventually } from "./support/eventually.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { keycloakUserOf, newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
const PERIOD_MS = 3_000;
const WITHIN_MS = 60_000;
let gateway: GatewayProcess;
let keycloak: CountingProxy;

beforeAll(async () => {
  const { admin, stack, start } = replicas;
  await admin.realms.updateConfigEvents({ realm: stack.realm }, { eventsEnabled: false, adminEventsEnabled: false });
  keycloak = CountingProxy.to(stack.keycloakUrl);
  gateway = await start("directly", { KEYCLOAK_URL: keycloak.url, RECONCILE_PERIOD_MS: String(PERIOD_MS) });
}, 120_000);
afterAll(async () => {
  await stopGateways();
  await keycloak?.stop();
});

interface LoggedIn {
  client: AuthClient;
  userId: string;
  sessionId: string;
  sid: string;
}

async function loggedIn(): Promise<LoggedIn> {
  const client = new AuthClient(gateway.url);
  const person = newPerson();
  expect((await client.register(person)).status).toBe(201);
  const { status, body } = await client.login(person);
  expect(status).toBe(200);
  const [row] = await replicas.sql`SELECT * FROM sessions WHERE session_id = ${body.sessionId}`;
  return { client, userId: row.user_id, sessionId: body.sessionId, sid: row.keycloak_session_id };
}

async function endReason(sessionId: string): Promise<string | null> {
  const [row] = await replicas.sql`SELECT end_reason FROM sessions WHERE session_id = ${sessionId}`;
  return row.end_reason;
}

/** Rounds that have begun after this call have come to their end. */
async function roundsLater(rounds: number): Promise<void> {
  const [{ now }] = await replicas.sql`SELECT extract(epoch FROM now()) * 1000 AS now`;
  for (let round = 0, from = Number(now); round < rounds; round += 1) {
    await eventually(async () => {
      const [row] = await replicas.sql`SELECT position->'previous' AS previous FROM sync_cursors
        WHERE source = 'reconcile_sessions'`;
      expect(row.previous.startedAt).toBeGreaterThan(from);
      from = row.previous.finishedAt;
    }, WITHIN_MS);
  }
}

test("ended in Keycloak; the others live on, offline ones too", async () => {
  const { admin, sql, stack } = replicas;
  const [ended, online, offline, limited] = [await loggedIn(), await loggedIn(), await loggedIn(), await loggedIn()];
  // An offline session: a row as a login with `offline_access` makes it.
  const person = newPerson();
  await admin.users.create(keycloakUserOf(person));
  const sid = await offlineSession(person);
  const [{ id: offlineUser }] = (await admin.users.find({ username: person.username, exact: true })) as [
    { id: string },
  ];
  await eventually(async () => {
    const [row] = await sql`SELECT 1 AS known FROM users WHERE id = ${offlineUser}`;
    expect(row).toBeDefined();
  }, WITHIN_MS);
  await sql`UPDATE sessions SET user_id = ${offlineUser}, keycloak_session_id = ${sid}, refresh_expires_at = NULL, offline = true
    WHERE session_id = ${offline.sessionId}`;
  // Where the realm limits their life, they have an end as others do.
  await sql`UPDATE sessions SET user_id = ${offlineUser}, keycloak_session_id = ${await offlineSession(person)},
    offline = true
    WHERE session_id = ${limited.sessionId}`;
  await admin.realms.deleteSession({ realm: stack.realm, session: ended.sid, isOffline: false });
  await eventually(async () => expect(await endReason(ended.sessionId)).toBe("ended_in_keycloak"), WITHIN_MS);
  await roundsLater(2);
  for (const { sessionId } of [online, offline, limited]) expect(await endReason(sessionId)).toBeNull();
}, 240_000);

test("Keycloak fails to list those of one user: the users after that one are compared, and that one once it answers", async () => {
  const [broken, later] = [await loggedIn(), await loggedIn()].toSorted((a, b) => (a.userId < b.userId ? -1 : 1));
  if (!broken || !later) throw new Error("two are logged in");
  const passThrough = keycloak.change;
  keycloak.change = ({ path }, answer) =>
    path.endsWith(`/users/${broken.userId}/sessions`)
      ? Response.json({ error: "unknown_error" }, { status: 500 })
      : answer;
  const { admin, stack } = replicas;
  for (const { sid } of [broken, later])
    await admin.realms.deleteSession({ realm: stack.realm, session: sid, isOffline: false });
  await eventually(async () => expect(await endReason(later.sessionId)).toBe("ended_in_keycloak"), WITHIN_MS);
  await roundsLater(1);
  expect(await endReason(broken.sessionId)).toBeNull();
  keycloak.change = passThrough;
  await eventually(async () => expect(await endReason(broken.sessionId)).toBe("ended_in_keycloak"), WITHIN_MS);
}, 240_000);

test("of a user who is disabled here, and lives on", async () => {
  const { admin, sql } = replicas;
  const { userId, sessionId, sid } = await loggedIn();
  await admin.users.update({ id: userId }, { enabled: false });
  await eventually(async () => expect(await endReason(sessionId)).toBe("user_disabled"), WITHIN_MS);
  // As a crash between the two statements would have left it.
  const second = await loggedIn();
  await sql`UPDATE sessions SET user_id = ${userId} WHERE session_id = ${second.sessionId}`;
  expect(sid).not.toBe(second.sid);
  await eventually(async () => expect(await endReason(second.sessionId)).toBe("user_disabled"), WITHIN_MS);
}, 180_000);

async function offlineSession({ username, password }: ReturnType<typeof newPerson>): Promise<string> {
  const { stack } = replicas;
  const form = { grant_type: "password", client_id: stack.clientId, client_secret: stack.clientSecret };
  const response = await fetch(`${stack.keycloakUrl}/realms/${stack.realm}/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({ ...form, username, password, scope: "openid offline_access" }),
  });
  const tokens = (await response.json()) as { session_state: string; refresh_expires_in: number };
  expect(tokens.refresh_expires_in).toBe(0);
  return tokens.session_state;
}
