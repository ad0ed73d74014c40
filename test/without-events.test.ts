// A Keycloak whose events can't be read, as up to 26.1: counting and comparing bring every change here, nothing waits for
// events, nothing is reported as broken, and it is said everywhere how and within which time changes arrive. The realm
// stores no events at all, so that nothing else can have brought them.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { AuthClient } from "./support/auth-client.ts";
import { authctl } from "./support/authctl.ts";
import type { CountingProxy } from "./support/counting-proxy.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, gatewayEnv, stopGateways } from "./support/gateway-process.ts";
import { asOtherVersion } from "./support/other-version.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const PERIOD_MS = 4_000;
const WITHIN_MS = 60_000;
const BOUND = "within 4 s (RECONCILE_PERIOD_MS); deletions and disabled users are noticed by counting, every 5 s";

const replicas = useReplicas();
let keycloak: CountingProxy;
let gateway: GatewayProcess;
let client: AuthClient;

beforeAll(async () => {
  const { admin, stack } = replicas;
  await admin.realms.updateConfigEvents({ realm: stack.realm }, { eventsEnabled: false, adminEventsEnabled: false });
  keycloak = asOtherVersion(stack.keycloakUrl, { eventsByDay: true });
  gateway = await start({ RECONCILE_PERIOD_MS: String(PERIOD_MS) });
  client = new AuthClient(gateway.url);
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await stopGateways();
  await keycloak?.stop();
});

const target = () => ({ ...replicas.stack, keycloakUrl: keycloak.url });
const start = (overrides: Record<string, string>) => GatewayProcess.start(gatewayEnv(target(), overrides));
const readiness = async (of = gateway) => (await new AuthClient(of.url).get("/health/ready")).body;

async function loggedIn() {
  const person = newPerson();
  const id = (await client.register(person)).body.userId;
  const { body } = await client.login(person);
  return { id, person, session: { sessionId: body.sessionId, refreshToken: body.tokens.refresh_token } };
}

async function endReason(sessionId: string): Promise<string | null> {
  const [row] = await replicas.sql`SELECT end_reason FROM sessions WHERE session_id = ${sessionId}`;
  return row.end_reason;
}

test("ready, the log, a metric and authctl name feed_mode and its bound; nothing is wrong", async () => {
  await eventually(async () =>
    expect(await readiness()).toEqual({
      status: "ready",
      checks: { keycloak: "up", database: "up", feed: "up", configuration: "up" },
      feed_mode: "reconciliation",
      feed_bound: BOUND,
    }),
  );
  expect(await gateway.metrics()).toContain('feed_mode{mode="reconciliation"} 1');
  expect(await gateway.metrics()).toContain("feed_bound_seconds 4");
  expect(gateway.output).toContain("changes in Keycloak arrive without events");
  await eventually(async () => {
    const { code, out } = await authctl(target(), ["feed", "status"]);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining(`feed_mode: reconciliation: ${BOUND}\n`) });
    expect(out).not.toContain("events read");
  }, WITHIN_MS);
}, 120_000);

test("a disabled user is signed out, a deleted one becomes a tombstone", async () => {
  const [disabled, deleted] = [await loggedIn(), await loggedIn()];
  await replicas.admin.users.update({ id: disabled.id }, { enabled: false });
  await replicas.admin.users.del({ id: deleted.id });
  await eventually(async () => {
    const rows =
      await replicas.sql`SELECT id, enabled, deleted_at FROM users WHERE id IN ${replicas.sql([disabled.id, deleted.id])}`;
    const byId = new Map(rows.map((row: { id: string }) => [row.id, row]));
    expect(byId.get(disabled.id)).toMatchObject({ enabled: false });
    expect(byId.get(deleted.id)).toMatchObject({ deleted_at: expect.any(Date) });
    expect(await endReason(disabled.session.sessionId)).toBe("user_disabled");
    expect(await endReason(deleted.session.sessionId)).not.toBeNull();
  }, WITHIN_MS);
}, 120_000);

test("a password that an administrator sets ends the sessions from before on both sides, refreshed ones too", async () => {
  const { id, person, session } = await loggedIn();
  const refreshed = await client.refresh(session);
  expect(refreshed.status).toBe(200);
  // Two clocks are compared: a session that began within a quarter of a second before counts as later.
  await replicas.sql`UPDATE sessions SET started_at = started_at - interval '5 s' WHERE session_id = ${session.sessionId}`;
  const password = "another correct horse 1";
  await replicas.admin.users.resetPassword({ id, credential: { type: "password", value: password, temporary: false } });
  await eventually(async () => expect(await endReason(session.sessionId)).toBe("password_changed"), WITHIN_MS);
  await eventually(async () => expect(await replicas.admin.users.listSessions({ id })).toEqual([]), WITHIN_MS);
  const again = await client.login({ ...person, password });
  expect(again.status).toBe(200);
  const rounds = async () => {
    const [row] =
      await replicas.sql`SELECT position->'previous'->>'startedAt' AS at FROM sync_cursors WHERE source = 'reconcile_sessions'`;
    return Number(row.at);
  };
  const now = Date.now();
  await eventually(async () => expect(await rounds()).toBeGreaterThan(now), WITHIN_MS);
  expect(await endReason(again.body.sessionId)).toBeNull();
}, 180_000);

test("users sync and verify end, and ask for no events", async () => {
  const from = keycloak.calls.length;
  const sync = await authctl(target(), ["users", "sync"]);
  expect(sync.code, sync.out + sync.err).toBe(0);
  const verify = await authctl(target(), ["users", "verify"]);
  expect(verify.code, verify.out + verify.err).toBe(0);
  const times = keycloak.urls.slice(from).filter(({ pathname }) => /\/(admin-)?events$/.test(pathname));
  // What the server can do is asked about tomorrow's events, once a process.
  expect(times.filter(({ searchParams }) => Number(searchParams.get("dateFrom")) < Date.now() * 2)).toEqual([]);
}, 120_000);

test("doctor: healthy, with a note that names feed_mode, though the realm stores no events", async () => {
  const { code, out } = await authctl(target(), ["doctor"]);
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining("keycloak.without_events") });
  expect(out).toContain("feed_mode is reconciliation");
  expect(out).toMatch(/^healthy; 1 note/m);
}, 60_000);

test("reconciliation switched off as well: a problem with a name, in readiness and with exit code 1", async () => {
  const { url } = await replicas.stack.createDatabase();
  const alone = { ...target(), databaseUrl: url };
  const off = await GatewayProcess.start(gatewayEnv(alone, { RECONCILE_ENABLED: "false" }));
  await eventually(async () =>
    expect(await readiness(off)).toMatchObject({
      checks: { feed: "degraded" },
      problems: [{ kind: "feed_off", todo: expect.stringContaining("RECONCILE_ENABLED=true") }],
      feed_mode: "off",
    }),
  );
  await eventually(async () => {
    const { code, out } = await authctl(alone, ["feed", "status"]);
    expect({ code, out }).toEqual({
      code: 1,
      out: expect.stringContaining("problem: feed_off: set RECONCILE_ENABLED"),
    });
  }, WITHIN_MS);
  await off.stop();
}, 120_000);
