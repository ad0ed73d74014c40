// A partial import keeps ids as they are: with blanks, with slashes. And some accounts are nobody's.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Difference } from "@libs/keycloak-authV2/services/bulk";
import { createBulkService } from "./support/bulk-service.ts";
import { eventually } from "./support/eventually.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { keycloakUserOf, newPerson, type Person } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";
import { meStatus, rowOf, signIn } from "./support/subject.ts";

const replicas = useReplicas();
let gateway: GatewayProcess;
let bulk: ReturnType<typeof createBulkService>;

beforeAll(async () => {
  bulk = createBulkService(replicas.stack);
  gateway = await replicas.start("directly");
});
afterAll(async () => {
  await bulk?.close();
  await stopGateways();
});

async function imported(id: string): Promise<Person> {
  const person = newPerson();
  const users = [{ ...keycloakUserOf(person), id, emailVerified: true }];
  const rep = { ifResourceExists: "FAIL" as const, users };
  await replicas.admin.realms.partialImport({ realm: replicas.stack.realm, rep });
  return person;
}

const exists = async (id: string) =>
  (await replicas.sql`SELECT 1 FROM users WHERE id = ${id} AND deleted_at IS NULL`).length === 1;

/** Everything that was recorded for the feed is handled. */
async function settled(): Promise<void> {
  const { admin } = replicas;
  const { id } = await admin.users.create({ username: newPerson().username, enabled: true });
  await eventually(async () => expect(await exists(id)).toBe(true));
}

describe.each(["emp 0042", "  two  blanks", "a/b", "a/b/logout/c", "ü;?#%&+"])("the id '%s'", (id) => {
  test("gets a row, a session, and loses both", async () => {
    const person = await imported(id);
    await eventually(async () => expect(await exists(id)).toBe(true));
    const subject = await signIn(gateway.url, person);
    expect(subject.id).toBe(id);

    const found: Difference[] = [];
    await bulk.bulk.repair({ settleMs: 100, onRepair: (difference) => void found.push(difference) });
    expect(found).toEqual([]);
    expect(await rowOf(replicas, subject)).toMatchObject({ enabled: true, live: 1 });
    expect(await meStatus(gateway.url, subject)).toBe(200);

    await replicas.admin.users.update({ id: id }, { enabled: false });
    const disabled = { enabled: false, live: 0, end_reason: "user_disabled" };
    await eventually(async () => expect(await rowOf(replicas, subject)).toMatchObject(disabled));
    await eventually(async () => expect(await meStatus(gateway.url, subject)).toBe(401));

    await replicas.admin.users.del({ id: id });
    await eventually(async () => expect(await exists(id)).toBe(false));
  }, 60_000);
});

test("another client's service account is nobody: no row, no event", async () => {
  const { admin, sql } = replicas;
  await sql`INSERT INTO event_subscriptions (name, types) VALUES ('everything', '{}')`;
  const { id: clientUuid } = await admin.clients.create({ clientId: "robot", serviceAccountsEnabled: true });
  const { id = "" } = await admin.clients.getServiceAccountUser({ id: clientUuid });
  await admin.users.update({ id }, { firstName: "Robot" });
  const role = await admin.roles.findOneByName({ name: "offline_access" });
  await admin.users.addRealmRoleMappings({ id, roles: [{ id: role?.id ?? "", name: "offline_access" }] });
  await settled();
  expect(await exists(id)).toBe(false);
  expect(await sql`SELECT type FROM domain_events WHERE user_id = ${id}`).toHaveLength(0);
}, 60_000);

test("a person who is named like a service account is a person", async () => {
  const { id } = await replicas.admin.users.create({ username: "service-account-manager", enabled: true });
  await eventually(async () => expect(await exists(id)).toBe(true));
}, 60_000);
