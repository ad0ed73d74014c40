// Registration on realms as people have them: the answer, the row and Keycloak agree, and a refusal leaves nothing.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import type RealmRepresentation from "@keycloak/keycloak-admin-client/lib/defs/realmRepresentation.js";
import { disagreement, inStep } from "./support/agreement.ts";
import { AuthClient, type ProblemBody } from "./support/auth-client.ts";
import { stopGateways } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
let client: AuthClient;
let asCreated: RealmRepresentation;
beforeAll(async () => {
  client = new AuthClient((await replicas.start("directly")).url);
  asCreated = (await replicas.admin.realms.findOne({ realm: replicas.stack.realm })) ?? {};
});
beforeEach(() => replicas.admin.realms.update({ realm: replicas.stack.realm }, asCreated));
afterAll(stopGateways);

const change = (realm: RealmRepresentation) => replicas.admin.realms.update({ realm: replicas.stack.realm }, realm);
const settled = async () => expect(await disagreement(replicas.admin, replicas.sql)).toEqual(inStep);

/** Registers, and has the answer agree with the row and with Keycloak. */
async function register(person = newPerson()) {
  const { status, body } = await client.register(person);
  expect(status).toBe(201);
  const [row] = await replicas.sql`SELECT username, email, enabled FROM users WHERE id = ${body.userId}`;
  const user = await replicas.admin.users.findOne({ id: body.userId });
  const { username, email, enabled } = body.user;
  expect([row.username, row.email, row.enabled]).toEqual([username, email, enabled]);
  expect([user?.username, user?.email, user?.enabled]).toEqual([username, email, enabled] as unknown[] as string[]);
  return { person, id: body.userId, user: body.user as { username: string } };
}

test("one email for several users: the second is refused and taken back", async () => {
  await change({ duplicateEmailsAllowed: true, loginWithEmailAllowed: false });
  const { person } = await register();
  const second = await client.register<ProblemBody>(newPerson({ email: person.email }));
  expect(`${second.status} ${second.body.code}`).toBe("409 registration.conflict");
  expect(await replicas.admin.users.find({ email: person.email, exact: true })).toHaveLength(1);
  await settled();
});

test("login with the email off: the username logs in", async () => {
  await change({ loginWithEmailAllowed: false });
  const { person } = await register();
  expect((await client.login(person)).status).toBe(200);
  expect((await client.login({ ...person, username: person.email })).status).toBe(401);
});

test("usernames are answered as Keycloak folds them, and log in as they were typed", async () => {
  for (const name of ["DŽ-", "Ⅷ-", "STRASSE-", "Ünï-"]) {
    const { person, user } = await register(newPerson({ username: `${name}${crypto.randomUUID()}` }));
    expect(user.username).not.toBe(person.username);
    expect((await client.login(person)).status).toBe(200);
    const again = await client.register<ProblemBody>(newPerson({ username: person.username.toLowerCase() }));
    expect(again.body.code).toBe("registration.username_taken");
  }
  await settled();
});

test("an email that has to be verified, and a default required action: registered, and asked for at the login", async () => {
  await change({ verifyEmail: true });
  const unverified = await client.login<ProblemBody>((await register()).person);
  expect(`${unverified.status} ${unverified.body.code}`).toBe("403 auth.action_required");
  await change({ verifyEmail: false });
  const { authenticationManagement } = replicas.admin;
  const alias = { alias: "CONFIGURE_TOTP" };
  const action = await authenticationManagement.getRequiredActionForAlias(alias);
  await authenticationManagement.updateRequiredAction(alias, { ...action, defaultAction: true });
  try {
    const pending = await client.login<ProblemBody>((await register()).person);
    expect(`${pending.status} ${pending.body.code}`).toBe("403 auth.action_required");
  } finally {
    await authenticationManagement.updateRequiredAction(alias, { ...action, defaultAction: false });
  }
  await settled();
});
