// Offline sessions whose life the realm limits: their refresh tokens have an end, like those of others.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Difference } from "@libs/keycloak-authV2/services/bulk";
import { AuthClient } from "./support/auth-client.ts";
import { createBulkService } from "./support/bulk-service.ts";
import { eventually } from "./support/eventually.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";
import { meStatus, rowOf, type Subject, signIn, welcome } from "./support/subject.ts";

const replicas = useReplicas();
let gateway: GatewayProcess;
let bulk: ReturnType<typeof createBulkService>;

beforeAll(async () => {
  const { admin, stack } = replicas;
  await admin.realms.update(
    { realm: stack.realm },
    { offlineSessionMaxLifespanEnabled: true, offlineSessionMaxLifespan: 86_400 },
  );
  // Every login of the gateway's gets an offline token.
  const [client] = await admin.clients.find({ clientId: stack.clientId });
  const scope = await admin.clientScopes.findOneByName({ name: "offline_access" });
  const [id, clientScopeId] = [client?.id ?? "", scope?.id ?? ""];
  await admin.clients.delOptionalClientScope({ id, clientScopeId });
  await admin.clients.addDefaultClientScope({ id, clientScopeId });
  bulk = createBulkService(stack);
  gateway = await replicas.start("directly");
});
afterAll(async () => {
  await bulk?.close();
  await stopGateways();
});

const offlineSids = async ({ id }: Subject) =>
  (await bulk.integration.userRepository.listOfflineSessions(id)).map((session) => session.id);

/** Somebody with two of them. */
async function twice(): Promise<[Subject, Subject]> {
  const person = newPerson();
  const [one, two] = [await welcome(gateway.url, person), await signIn(gateway.url, person)];
  expect((await offlineSids(one)).sort()).toEqual([one, two].map(({ session }) => session.tokens.session_state).sort());
  const rows = await replicas.sql`
    SELECT offline, refresh_expires_at IS NOT NULL AS limited FROM sessions WHERE user_id = ${one.id}`;
  expect([...rows]).toEqual([1, 2].map(() => ({ offline: true, limited: true })));
  return [one, two];
}

const row = (subject: Subject) => rowOf(replicas, subject);
const ended = { live: 1, end_reason: "ended_in_keycloak" };

test("one that is deleted ends alone, and repair ends none that lives", async () => {
  const [one, two] = await twice();
  const { admin, stack } = replicas;
  const session = one.session.tokens.session_state;
  await admin.realms.deleteSession({ realm: stack.realm, session, isOffline: true });
  await eventually(async () => expect(await row(one)).toMatchObject(ended));
  const found: Difference[] = [];
  await bulk.bulk.repair({ settleMs: 100, onRepair: (difference) => void found.push(difference) });
  expect(found).toEqual([]);
  expect(await row(two)).toMatchObject({ live: 1, end_reason: null });
  expect(await meStatus(gateway.url, two)).toBe(200);
  const { sessionId, tokens } = two.session;
  const refreshed = await new AuthClient(gateway.url).refresh({ sessionId, refreshToken: tokens.refresh_token });
  expect(refreshed.status).toBe(200);
}, 60_000);

test("a logout ends its own in Keycloak, and no other", async () => {
  const [one, two] = await twice();
  const { sessionId, tokens } = one.session;
  const client = new AuthClient(gateway.url);
  expect((await client.logout({ sessionId, refreshToken: tokens.refresh_token })).status).toBe(200);
  await eventually(async () => expect(await offlineSids(two)).toEqual([two.session.tokens.session_state]));
  expect(await row(two)).toMatchObject({ live: 1, end_reason: null });
}, 60_000);

test("an administrator's sign-out leaves them in Keycloak's list and takes their tokens no more: they end", async () => {
  const [one, two] = await twice();
  // Keycloak compares whole seconds.
  const issued = Math.floor(Date.now() / 1000);
  await eventually(() => expect(Math.floor(Date.now() / 1000)).toBeGreaterThan(issued));
  await replicas.admin.users.logout({ id: one.id });
  const all = { live: 0, end_reason: "ended_in_keycloak" };
  await eventually(async () => expect([await row(one), await row(two)]).toMatchObject([all, all]));
  await eventually(async () => expect(await meStatus(gateway.url, one)).toBe(401));
  await eventually(async () => expect(await offlineSids(one)).toEqual([]));
}, 60_000);
