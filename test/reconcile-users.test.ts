// What Keycloak does not report is found by counting and by comparing: no event is stored in this realm.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { AuthClient } from "./support/auth-client.ts";
import { authctl } from "./support/authctl.ts";
import { eventually } from "./support/eventually.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { KeycloakRows } from "./support/keycloak-rows.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
let gateway: GatewayProcess;
let rows: KeycloakRows;

beforeAll(async () => {
  const { admin, stack } = replicas;
  await admin.realms.updateConfigEvents({ realm: stack.realm }, { eventsEnabled: false, adminEventsEnabled: false });
  rows = new KeycloakRows(stack);
  gateway = await replicas.start("proxies", { RECONCILE_PERIOD_MS: "4000" });
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await stopGateways();
  await rows?.close();
});

async function registered(): Promise<{ id: string; client: AuthClient; person: ReturnType<typeof newPerson> }> {
  const client = new AuthClient(gateway.url);
  const person = newPerson();
  const answer = await client.register(person);
  expect(answer.status).toBe(201);
  return { id: answer.body.userId, client, person };
}

async function localUser(id: string) {
  const [row] = await replicas.sql`SELECT * FROM users WHERE id = ${id}`;
  return row;
}

const within = 90_000;

test("authctl says how old the comparisons are", async () => {
  await eventually(async () => {
    const { code, out } = await authctl(replicas.stack, ["feed", "status"]);
    // No event is stored, which is a problem of the feed.
    expect(code).toBe(1);
    expect(out).toContain("user_events_off");
    expect(out).toMatch(/^users compared: all within .* \(period 4 s\)/m);
    expect(out).toMatch(/^sessions compared: all within .* \(period 4 s\)/m);
    expect(out).toMatch(/^ {2}Keycloak: 0 users, 0 enabled, 0 with a verified email$/m);
    expect(out).toMatch(/^ {2}here: 0 users, 0 enabled, 0 with a verified email$/m);
  }, within);
}, 240_000);

test("deleted", async () => {
  const { id, client, person } = await registered();
  const login = await client.login(person);
  expect(login.status).toBe(200);
  await replicas.admin.users.del({ id });
  await eventually(async () => expect((await localUser(id)).deleted_at).not.toBeNull(), within);
  await eventually(async () => {
    const [session] = await replicas.sql`SELECT end_reason FROM sessions WHERE user_id = ${id}`;
    // Its session may be missed before the user is.
    expect(["user_deleted", "ended_in_keycloak"]).toContain(session.end_reason);
  });
}, 240_000);

test("disabled", async () => {
  const { id, client, person } = await registered();
  expect((await client.login(person)).status).toBe(200);
  await replicas.admin.users.update({ id }, { enabled: false });
  await eventually(async () => expect((await localUser(id)).enabled).toBe(false), within);
  await eventually(async () => {
    const [session] = await replicas.sql`SELECT end_reason FROM sessions WHERE user_id = ${id}`;
    expect(session.end_reason).toBe("user_disabled");
  });
}, 240_000);

test("created, changed", async () => {
  const { username, email } = newPerson();
  const made = { username, email, firstName: "Ada", lastName: "Unseen", enabled: true };
  const { id } = await replicas.admin.users.create(made);
  await eventually(async () => expect(await localUser(id)).toMatchObject({ last_name: "Unseen" }), within);
  await replicas.admin.users.update({ id }, { email: `new-${email}`, lastName: "Changed", emailVerified: true });
  await eventually(async () => {
    const changed = { email: `new-${email}`, last_name: "Changed", email_verified: true };
    expect(await localUser(id)).toMatchObject(changed);
  }, within);
}, 240_000);

test("deleted in Keycloak's own database, whose cache goes on answering for it", async () => {
  const { id } = await registered();
  expect(await replicas.admin.users.findOne({ id })).toMatchObject({ id });
  await rows.delete(id);
  expect(await replicas.admin.users.findOne({ id })).toMatchObject({ id });
  await eventually(async () => expect((await localUser(id)).deleted_at).not.toBeNull(), within);
}, 240_000);

test("disabled in Keycloak's own database, whose cache goes on answering for it", async () => {
  const { id, client, person } = await registered();
  expect((await client.login(person)).status).toBe(200);
  await rows.disable(id);
  expect(await replicas.admin.users.findOne({ id })).toMatchObject({ enabled: true });
  await eventually(async () => expect((await localUser(id)).enabled).toBe(false), within);
  await eventually(async () => {
    const [session] = await replicas.sql`SELECT end_reason FROM sessions WHERE user_id = ${id}`;
    expect(session.end_reason).toBe("user_disabled");
  });
}, 240_000);
