import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { AuthClient } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { fieldDifferences } from "./support/field-differences.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { longForm } from "./support/long-form.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

/** The stated time within which each kind of silence is reported. */
const STATED_MS = 60_000;
const times: Record<string, number> = {};
const replicas = useReplicas();
let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await replicas.start("proxies");
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  if (longForm) console.log("reported after, in seconds:", times);
  await stopGateways();
});

interface Ready {
  status: string;
  checks: Record<string, string>;
  problems?: { kind: string; todo: string }[];
}

async function ready(of = gateway): Promise<{ status: number; body: Ready }> {
  return (await new AuthClient(of.url).get<Ready>("/health/ready")) as never;
}

async function kinds(of = gateway): Promise<string[]> {
  return ((await ready(of)).body.problems ?? []).map(({ kind }) => kind);
}

/** Each is reported in the readiness detail, in the log with what to do, and as a metric; and nothing else is. */
async function expectReported(expected: string[], of = gateway): Promise<void> {
  const from = performance.now();
  await eventually(async () => {
    const found = await kinds(of);
    for (const kind of expected)
      if (found.includes(kind)) times[kind] ??= Math.round((performance.now() - from) / 100) / 10;
    expect(found).toEqual(expect.arrayContaining(expected));
  }, STATED_MS);
  const { status, body } = await ready(of);
  expect(status).toBe(200);
  expect(body.checks["feed"]).toBe("degraded");
  for (const kind of expected) {
    expect(of.entries()).toContainEqual(expect.objectContaining({ problem: kind, todo: expect.any(String) }));
    expect(await of.metrics()).toContain(`feed_problem{kind="${kind}"} 1`);
  }
}

async function wellAgain(of = gateway): Promise<void> {
  await eventually(async () => expect((await ready(of)).body.checks["feed"]).toBe("up"), STATED_MS);
}

test("events switched off, types missing, kept too shortly", async () => {
  const { admin, stack } = replicas;
  const { realm } = stack;
  const before = await admin.realms.getConfigEvents({ realm });
  await eventually(async () => expect((await ready()).body.checks["feed"]).toBe("up"), STATED_MS);
  await admin.realms.updateConfigEvents(
    { realm },
    { ...before, eventsEnabled: false, adminEventsEnabled: false, enabledEventTypes: ["LOGIN"], eventsExpiration: 60 },
  );
  await expectReported(["user_events_off", "admin_events_off", "event_types_missing", "retention_too_short"]);
  await admin.realms.updateConfigEvents({ realm }, before);
  await wellAgain();
}, 180_000);

test("the right to read events is lost", async () => {
  const { admin, stack } = replicas;
  const [client] = await admin.clients.find({ clientId: stack.clientId });
  const [management] = await admin.clients.find({ clientId: "realm-management" });
  const { id = "" } = await admin.clients.getServiceAccountUser({ id: client?.id ?? "" });
  const clientUniqueId = management?.id ?? "";
  const held = await admin.users.listClientRoleMappings({ id, clientUniqueId });
  const roles = held.filter(({ name }) => name === "view-events") as { id: string; name: string }[];
  expect(roles).toHaveLength(1);
  await admin.users.delClientRoleMappings({ id, clientUniqueId, roles });
  await expectReported(["no_permission"]);
  await admin.users.addClientRoleMappings({ id, clientUniqueId, roles });
  await wellAgain();
}, 180_000);

test("a login of ours is not among the events", async () => {
  const { admin, stack } = replicas;
  const { realm } = stack;
  const before = await admin.realms.getConfigEvents({ realm });
  // All looks well but what is stored.
  await admin.realms.updateConfigEvents({ realm }, { ...before, eventsEnabled: false });
  const client = new AuthClient(gateway.url);
  const person = newPerson();
  expect((await client.register(person)).status).toBe(201);
  expect((await client.login(person)).status).toBe(200);
  await admin.realms.updateConfigEvents({ realm }, before);
  await expectReported(["canary_missing"]);
  // Until that login is of the past, and another one is found.
  await replicas.sql`UPDATE sessions SET started_at = started_at - interval '5 minutes'`;
  expect((await client.login(person)).status).toBe(200);
  await wellAgain();
}, 180_000);

test("changes that could not be applied", async () => {
  const { sql } = replicas;
  await sql`INSERT INTO change_notices (kind, subject, source, next_attempt_at, attempts, last_error, dead_at)
    VALUES ('user', 'nobody', 'admin_events', now(), 12, 'internal.error', now())`;
  await expectReported(["dead_letters"]);
  const status = await authctl(1, "status");
  expect(status).toContain("problem: dead_letters: ");
  expect(status).toMatch(/^ {2}\d+ user nobody: internal\.error after 12 attempts/m);
  expect(await authctl(0, "replay", "999999999")).toBe("0 are handled again\n");
  expect(await authctl(0, "replay")).toBe("1 is handled again\n");
  await wellAgain();
  expect(await authctl(0, "status")).toContain("dead letters: 0\n");
}, 180_000);

async function authctl(code: number, ...args: string[]): Promise<string> {
  const main = Bun.fileURLToPath(new URL("../apps/authctl/src/main.ts", import.meta.url));
  const env = { DATABASE_URL: replicas.stack.databaseUrl };
  const child = Bun.spawn([process.execPath, main, "feed", ...args], { env, stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect({ code: await child.exited, err }).toEqual({ code, err: "" });
  return out;
}

test("Keycloak does not answer: behind", async () => {
  const { keycloak } = replicas;
  keycloak.mode = "black-hole";
  const from = performance.now();
  await eventually(async () => {
    expect(gateway.entries()).toContainEqual(expect.objectContaining({ problem: "behind" }));
  }, STATED_MS);
  times["behind"] = Math.round((performance.now() - from) / 100) / 10;
  keycloak.mode = "pass";
  await eventually(async () => expect(await kinds()).not.toContain("behind"), STATED_MS);
}, 180_000);

test("a clock that is off", async () => {
  const preload = Bun.fileURLToPath(new URL("support/late-clock.ts", import.meta.url));
  await gateway.stop();
  const late = await replicas.start("directly", { BUN_OPTIONS: `--preload=${preload}` });
  await expectReported(["clock_skew"], late);
  await late.stop();
  gateway = await replicas.start("proxies");
}, 180_000);

test("the position is older than what Keycloak keeps: everybody is reconciled, and it says so", async () => {
  const { admin, stack, sql, start } = replicas;
  const { realm } = stack;
  const before = await admin.realms.getConfigEvents({ realm });
  const registered = await new AuthClient(gateway.url).register(newPerson());
  expect(registered.status).toBe(201);
  await gateway.stop();
  // Nobody reports these.
  await admin.realms.updateConfigEvents({ realm }, { ...before, eventsEnabled: false, adminEventsEnabled: false });
  const made = newPerson({ lastName: "Unseen" });
  await admin.users.create({
    username: made.username,
    email: made.email,
    firstName: "A",
    lastName: "Unseen",
    enabled: true,
  });
  await admin.users.update({ id: registered.body.userId }, { lastName: "Changed" });
  await admin.realms.updateConfigEvents({ realm }, before);
  await admin.realms.clearEvents({ realm });
  await admin.realms.clearAdminEvents({ realm });
  await sql`UPDATE sync_cursors SET updated_at = now() - interval '8 days',
    position = jsonb_set(position, '{at}', to_jsonb((position->>'at')::bigint - 8 * 86400000))
    WHERE source IN ('user_events', 'admin_events')`;
  expect(await fieldDifferences(admin, sql)).not.toEqual([]);

  const back = await start("directly");
  await back.logged((entry) => entry.problem === "full_reconciliation_running");
  await eventually(async () => expect(await fieldDifferences(admin, sql)).toEqual([]), STATED_MS);
  await back.logged((entry) => entry.msg === "full reconciliation of all users finished");
  const [run] =
    await sql`SELECT state, counts FROM sync_runs WHERE kind = 'full_look' ORDER BY started_at DESC LIMIT 1`;
  expect(run).toMatchObject({ state: "finished", counts: { missing: 1 } });
}, 180_000);
