// Reconciliation goes on where it was: with Keycloak away in the middle of a round, and on another replica.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { eventually } from "./support/eventually.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { KeycloakTables } from "./support/keycloak-population.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
const USERS = 1_500;
/** A page of 200 comes every three seconds or so. */
const PERIOD_MS = 30_000;
const env = { RECONCILE_PERIOD_MS: String(PERIOD_MS) };
let gateway: GatewayProcess;

beforeAll(async () => {
  const { admin, stack, start } = replicas;
  await admin.realms.updateConfigEvents({ realm: stack.realm }, { eventsEnabled: false, adminEventsEnabled: false });
  const tables = new KeycloakTables(stack);
  await tables.fill({ users: USERS });
  await tables.close();
  gateway = await start("proxies", env);
  await eventually(async () => {
    const [row] = await replicas.sql`SELECT count(*)::int AS live FROM users`;
    expect(row.live).toBe(USERS);
    expect((await state()).previous).not.toBeNull();
  }, 240_000);
}, 300_000);
afterAll(stopGateways);

interface State {
  current: { startedAt: number; done: number; position: { through: number } } | null;
  previous: { startedAt: number; finishedAt: number } | null;
  oldestAt: number;
}

async function state(): Promise<State> {
  const [row] = await replicas.sql`SELECT position FROM sync_cursors WHERE source = 'reconcile_users'`;
  return row.position;
}

/** A round that is somewhere in the middle. */
async function midRound(): Promise<NonNullable<State["current"]>> {
  return await eventually(async () => {
    const { current } = await state();
    if (!current || current.done < 300 || current.done > 900) throw new Error("not in the middle");
    return current;
  }, 120_000);
}

/** Changes a field of the user who was created last, without an event; of no count. */
async function renameLast(lastName: string): Promise<string> {
  const [{ id }] = await replicas.sql`SELECT id FROM users ORDER BY keycloak_created_at DESC NULLS LAST LIMIT 1`;
  await replicas.admin.users.update({ id }, { lastName });
  return id;
}

async function arrived(id: string, lastName: string): Promise<void> {
  await eventually(async () => {
    const [row] = await replicas.sql`SELECT last_name FROM users WHERE id = ${id}`;
    expect(row.last_name).toBe(lastName);
  }, 120_000);
}

test("Keycloak is away in the middle of a round: it waits, grows late and says so, and goes on there", async () => {
  const before = await midRound();
  replicas.keycloak.mode = "black-hole";
  const id = await renameLast("Away");
  await gateway.logged(({ problem }) => problem === "reconcile_late");
  expect(await gateway.metrics()).toMatch(/feed_problem\{kind="reconcile_late"\} 1/);
  const during = await state();
  expect(during.current?.startedAt).toBe(before.startedAt);
  replicas.keycloak.mode = "pass";
  // It is the same round that comes to its end.
  await eventually(async () => expect((await state()).previous?.startedAt).toBe(before.startedAt), 60_000);
  await arrived(id, "Away");
  await eventually(async () => {
    expect((await state()).oldestAt).toBeGreaterThan(Date.now() - PERIOD_MS);
    expect(await gateway.metrics()).toMatch(/feed_problem\{kind="reconcile_late"\} 0/);
  }, 120_000);
}, 300_000);

test("the replica that reconciles is killed in the middle of a round: another goes on from there", async () => {
  const second = await replicas.start("directly", env);
  const before = await midRound();
  const id = await renameLast("Killed");
  gateway.signal("SIGKILL");
  await gateway.exited;
  await eventually(async () => {
    const { current, previous } = await state();
    const round = current ?? previous;
    expect(round?.startedAt).toBe(before.startedAt);
    if (current) {
      expect(current.position.through).toBeGreaterThan(before.position.through);
      expect(current.done).toBeGreaterThan(before.done);
    }
  }, 60_000);
  await arrived(id, "Killed");
  await second.stop();
}, 300_000);
