// A password that is set in a way whose event does not say so: sessions from before it end all the same.
import { afterAll, beforeAll, expect, test } from "bun:test";
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

const row = (subject: Subject) => rowOf(replicas, subject);
const sidsInKeycloak = async ({ id }: Subject) =>
  (await replicas.admin.users.listSessions({ id })).map((session) => session.id);

async function ends(subject: Subject): Promise<void> {
  await eventually(async () =>
    expect(await row(subject)).toMatchObject({ enabled: true, end_reason: "password_changed" }),
  );
  await eventually(async () => expect(await meStatus(gateway.url, subject)).toBe(401));
  const { sessionId, tokens } = subject.session;
  const refreshed = await new AuthClient(gateway.url).refresh({ sessionId, refreshToken: tokens.refresh_token });
  expect(refreshed.status).toBe(401);
  await eventually(async () => expect(await sidsInKeycloak(subject)).not.toContain(tokens.session_state));
}

async function stays(subject: Subject): Promise<void> {
  expect(await row(subject)).toMatchObject({ live: 1, end_reason: null });
  expect(await meStatus(gateway.url, subject)).toBe(200);
  expect(await sidsInKeycloak(subject)).toContain(subject.session.tokens.session_state);
}

/** An edit that has arrived, and whatever else was recorded for the user until then. */
async function edited(subject: Subject): Promise<void> {
  await replicas.admin.users.update({ id: subject.id }, { emailVerified: true });
  await eventually(async () => expect(await row(subject)).toMatchObject({ email_verified: true }));
  await eventually(async () => {
    const rows = await replicas.sql`SELECT 1 FROM change_notices WHERE subject = ${subject.id}`;
    expect(rows).toHaveLength(0);
  }, 20_000);
}

/** Longer than clocks may differ: Keycloak's password and the session here are dated by two of them. */
async function aMomentLater(): Promise<void> {
  const from = Date.now();
  await eventually(() => expect(Date.now()).toBeGreaterThan(from + 500));
}

test("inside an edit of the user: sessions from before end, a later one stays", async () => {
  const subject = await welcome(gateway.url, newPerson());
  await aMomentLater();
  const value = newPerson().password;
  const credentials = [{ type: "password", value, temporary: false }];
  await replicas.admin.users.update({ id: subject.id }, { credentials });
  await ends(subject);
  const again = await signIn(gateway.url, { ...subject.person, password: value });
  await edited(again);
  await stays(again);
}, 60_000);

test("removed: sessions from before end", async () => {
  const subject = await welcome(gateway.url, newPerson());
  const { id } = subject;
  const [credential] = await replicas.admin.users.getCredentials({ id });
  await replicas.admin.users.deleteCredential({ id, credentialId: credential?.id ?? "" });
  await ends(subject);
}, 60_000);

test("an edit without a password, right after registering, ends nothing", async () => {
  const subject = await welcome(gateway.url, newPerson());
  await edited(subject);
  await stays(subject);
}, 60_000);
