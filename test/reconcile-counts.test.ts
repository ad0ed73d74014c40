// Both sides are counted: what Keycloak does not report is found long before everybody has been compared again.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { AuthClient } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { KeycloakTables } from "./support/keycloak-population.ts";
import { KeycloakRows } from "./support/keycloak-rows.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
const PERIOD_MS = 3_600_000;
const WITHIN_MS = 90_000;
let gateway: GatewayProcess;
let rows: KeycloakRows;

beforeAll(async () => {
  const { admin, stack, start } = replicas;
  await admin.realms.updateConfigEvents({ realm: stack.realm }, { eventsEnabled: false, adminEventsEnabled: false });
  rows = new KeycloakRows(stack);
  const tables = new KeycloakTables(stack);
  await tables.fill({ users: 400, undated: 3, disabled: 30 });
  await tables.close();
  gateway = await start("directly", { RECONCILE_PERIOD_MS: String(PERIOD_MS), FEED_ENABLED: "false" });
  await eventually(async () => {
    expect(await localCounts()).toEqual({ live: 400, enabled: 370 });
    expect(await finishedRounds()).toBe(true);
  }, 120_000);
  await settled();
}, 240_000);

afterAll(async () => {
  await stopGateways();
  await rows?.close();
});

async function localCounts() {
  const [row] = await replicas.sql`
    SELECT count(*)::int AS live, (count(*) FILTER (WHERE enabled))::int AS enabled FROM users WHERE deleted_at IS NULL`;
  return row;
}

async function finishedRounds(): Promise<boolean> {
  const [row] = await replicas.sql`
    SELECT position->'previous' AS previous FROM sync_cursors WHERE source = 'reconcile_users'`;
  return row?.previous != null;
}

async function localUser(id: string) {
  const [row] = await replicas.sql`SELECT * FROM users WHERE id = ${id}`;
  return row;
}

async function someone(which: string): Promise<string> {
  const [row] = await replicas.sql.unsafe(`
    SELECT id FROM users WHERE deleted_at IS NULL AND username LIKE 'ada-%' AND ${which} ORDER BY id LIMIT 1`);
  return row.id;
}

/** Both sides count the same, and nothing is on its way. */
async function settled(): Promise<void> {
  await eventually(async () => {
    const metrics = await gateway.metrics();
    for (const count of ["live", "enabled", "emailVerified"])
      expect(metrics).toContain(`reconcile_count_difference{count="${count}"} 0`);
    const [row] = await replicas.sql`SELECT count(*)::int AS notices FROM change_notices`;
    expect(row.notices).toBe(0);
  }, 90_000);
}

const passes = () => gateway.entries().filter(({ keycloakHasMore }) => keycloakHasMore !== undefined).length;

/** How many countings have been stored since a time by the database's clock. */
async function nextCounting(): Promise<void> {
  const read = async () => {
    const [row] = await replicas.sql`SELECT updated_at FROM sync_cursors WHERE source = 'reconcile_counts'`;
    return Number(row.updated_at);
  };
  const before = await read();
  await eventually(async () => expect(await read()).toBeGreaterThan(before), WITHIN_MS);
}

test("a deletion", async () => {
  const id = await someone("enabled");
  await replicas.admin.users.del({ id });
  await eventually(async () => expect((await localUser(id)).deleted_at).not.toBeNull(), WITHIN_MS);
}, 120_000);

test("a deletion in Keycloak's own database, cached or not", async () => {
  await settled();
  const id = await someone("enabled");
  expect(await replicas.admin.users.findOne({ id })).toMatchObject({ id });
  await rows.delete(id);
  await eventually(async () => expect((await localUser(id)).deleted_at).not.toBeNull(), WITHIN_MS);
}, 120_000);

test("disabled, and in Keycloak's own database", async () => {
  const id = await someone("enabled");
  await replicas.admin.users.update({ id }, { enabled: false });
  await eventually(async () => expect((await localUser(id)).enabled).toBe(false), WITHIN_MS);
  await settled();
  const other = await someone("enabled");
  expect(await replicas.admin.users.findOne({ id: other })).toMatchObject({ enabled: true });
  await rows.disable(other);
  await eventually(async () => expect((await localUser(other)).enabled).toBe(false), WITHIN_MS);
}, 240_000);

test("enabled, an email verified, created", async () => {
  await settled();
  const { admin } = replicas;
  const enabled = await someone("NOT enabled");
  await admin.users.update({ id: enabled }, { enabled: true });
  const verified = await someone("NOT email_verified AND enabled");
  await admin.users.update({ id: verified }, { emailVerified: true });
  const { username, email } = newPerson();
  const { id } = await admin.users.create({ username, email, firstName: "A", lastName: "B", enabled: true });
  await eventually(async () => {
    expect(await localUser(id)).toBeDefined();
    expect((await localUser(enabled)).enabled).toBe(true);
    expect((await localUser(verified)).email_verified).toBe(true);
  }, WITHIN_MS);
}, 240_000);

test("a user whose registration is parked is explained once, starts nothing then, and hides nobody beside it", async () => {
  const { admin, sql } = replicas;
  const { username, email } = newPerson();
  const mark = randomUUID();
  const attributes = { registrationId: [mark] };
  const { id } = await admin.users.create({
    username,
    email,
    firstName: "A",
    lastName: "B",
    enabled: true,
    attributes,
  });
  await sql`INSERT INTO registrations (id, state, username, email, profile, keycloak_user_id, parked_at, last_error)
    VALUES (${mark}, 'pending', ${username}, ${email}, '{}', ${id}, now(), 'registration.too_old')`;
  const explained = async () => {
    const [row] =
      await sql`SELECT position->'explained' AS explained FROM sync_cursors WHERE source = 'reconcile_counts'`;
    return row.explained;
  };
  const before = await explained();
  await eventually(async () => {
    expect(await explained()).toEqual({ ...before, live: before.live + 1, enabled: before.enabled + 1 });
  }, 180_000);
  const then = passes();
  for (let reading = 0; reading < 3; reading += 1) await nextCounting();
  expect(passes()).toBe(then);
  expect(await localUser(id)).toBeUndefined();
  const other = await someone("enabled");
  await admin.users.del({ id: other });
  await eventually(async () => expect((await localUser(other)).deleted_at).not.toBeNull(), WITHIN_MS);
}, 400_000);

test("what people do start no reconciliation", async () => {
  await settled();
  const before = passes();
  const client = new AuthClient(gateway.url);
  for (let number = 0; number < 5; number += 1) expect((await client.register(newPerson())).status).toBe(201);
  for (let reading = 0; reading < 2; reading += 1) await nextCounting();
  expect(passes()).toBe(before);
}, 120_000);

test("a bulk import of 2,000", async () => {
  const tables = new KeycloakTables(replicas.stack);
  await tables.addMore(2_000);
  await tables.close();
  await eventually(async () => {
    const [row] = await replicas.sql`SELECT count(*)::int AS live FROM users WHERE username LIKE 'more-%'`;
    expect(row.live).toBe(2_000);
  }, 280_000);
}, 300_000);
