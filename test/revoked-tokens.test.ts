// `notBefore`: tokens from before a time are refused, by Keycloak at once, and here by `/auth/me` and every guard.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AuthClient } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { type GatewayProcess, stopGateways } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";
import { meStatus, rowOf, type Subject, signIn, welcome } from "./support/subject.ts";

const replicas = useReplicas();
let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await replicas.start("directly");
});
afterAll(stopGateways);

/** A whole second that every token from before it lacks, and none from now on; in seconds. */
async function nextSecond(): Promise<number> {
  const notBefore = Math.floor(Date.now() / 1000) + 1;
  await eventually(() => expect(Date.now() / 1000).toBeGreaterThan(notBefore));
  return notBefore;
}

async function refused(subject: Subject, timeoutMs = 10_000): Promise<void> {
  const ended = { enabled: true, live: 0, end_reason: "ended_in_keycloak" };
  await eventually(async () => expect(await rowOf(replicas, subject)).toMatchObject(ended), timeoutMs);
  await eventually(async () => expect(await meStatus(gateway.url, subject)).toBe(401));
  // Keycloak would leave the session, without a token that works.
  await eventually(async () => expect(await replicas.admin.users.listSessions({ id: subject.id })).toEqual([]));
}

/** What admin events reported until now is handled, second passes included. */
async function everythingHandled(): Promise<void> {
  const now = Date.now();
  await eventually(async () => {
    const [cursor] = await replicas.sql`
      SELECT (position->>'at')::float AS at FROM sync_cursors WHERE source = 'admin_events'`;
    expect(cursor.at).toBeGreaterThan(now + 1_000);
    expect(await replicas.sql`SELECT 1 FROM change_notices WHERE kind IN ('every_user', 'not_before')`).toHaveLength(0);
  }, 30_000);
}

/** Who logs in after it is none of those. */
async function staysIn(subject: Subject): Promise<void> {
  const { sessionId, tokens } = subject.session;
  const refreshed = await new AuthClient(gateway.url).refresh({ sessionId, refreshToken: tokens.refresh_token });
  expect(refreshed.status).toBe(200);
  expect(await meStatus(gateway.url, subject)).toBe(200);
}

describe("tokens from before a time that is set", () => {
  test("for the realm are refused; later ones are not", async () => {
    const { admin, stack } = replicas;
    const before = await welcome(gateway.url, newPerson());
    const notBefore = await nextSecond();
    const after = await welcome(gateway.url, newPerson());
    await admin.realms.update({ realm: stack.realm }, { notBefore });
    await refused(before);
    await staysIn(await signIn(gateway.url, before.person));
    await staysIn(after);
  }, 60_000);

  test("for our client are refused; later ones are not", async () => {
    const { admin, stack } = replicas;
    const [client] = await admin.clients.find({ clientId: stack.clientId });
    const before = await welcome(gateway.url, newPerson());
    const notBefore = await nextSecond();
    const after = await welcome(gateway.url, newPerson());
    await admin.clients.update({ id: client?.id ?? "" }, { ...client, notBefore });
    await refused(before);
    await staysIn(after);
  }, 60_000);

  test("for another client are none of ours", async () => {
    const { admin } = replicas;
    const { id } = await admin.clients.create({ clientId: "elsewhere" });
    const subject = await welcome(gateway.url, newPerson());
    await admin.clients.update({ id }, { clientId: "elsewhere", notBefore: await nextSecond() });
    // What is recorded after it has been handled by now.
    await admin.users.update({ id: subject.id }, { emailVerified: true });
    await eventually(async () => expect(await rowOf(replicas, subject)).toMatchObject({ email_verified: true }));
    await staysIn(subject);
  }, 60_000);

  test("for the realm, where no event is stored, are refused all the same", async () => {
    const { admin, stack } = replicas;
    await admin.realms.update({ realm: stack.realm }, { adminEventsEnabled: false });
    await everythingHandled();
    const before = await welcome(gateway.url, newPerson());
    await admin.realms.update({ realm: stack.realm }, { notBefore: await nextSecond() });
    await refused(before, 60_000);
  }, 120_000);
});
