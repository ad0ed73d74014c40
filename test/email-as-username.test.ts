// A realm that uses the email as username: the answer is what logs in, and what got no 201 is taken back as anywhere.
import { afterEach, beforeAll, expect, test } from "bun:test";
import { disagreement, inStep } from "./support/agreement.ts";
import { AuthClient, type ProblemBody } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { stopGateways } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
beforeAll(async () => {
  const { admin, stack } = replicas;
  await admin.realms.update({ realm: stack.realm }, { registrationEmailAsUsername: true });
});
afterEach(stopGateways);

async function rowsOf(email: string): Promise<unknown[]> {
  const rows =
    await replicas.sql`SELECT username, email, enabled FROM users WHERE lower(email) = ${email.toLowerCase()}`;
  return [...rows];
}

async function statesOf(email: string): Promise<string[]> {
  const rows = await replicas.sql`SELECT state FROM registrations WHERE email = ${email} ORDER BY created_at`;
  return rows.map(({ state }: { state: string }) => state);
}

test("the answer names the user as Keycloak does, and that name logs in", async () => {
  const client = new AuthClient((await replicas.start("directly")).url);
  const person = newPerson();
  const email = person.email.toUpperCase();
  const { status, body } = await client.register({ ...person, email });
  expect(status).toBe(201);
  expect(body.user).toMatchObject({ username: person.email, email: person.email, firstName: person.firstName });
  expect(await rowsOf(email)).toEqual([{ username: person.email, email: person.email, enabled: true }]);
  const { username } = body.user as { username: string };
  expect((await client.login({ username, password: person.password })).status).toBe(200);
  expect((await client.login({ username: person.username, password: person.password })).status).toBe(401);
  // The name that was sent is nobody's: another may send it too.
  const namesake = newPerson({ username: person.username });
  expect((await client.register(namesake)).status).toBe(201);
  const taken = await client.register<ProblemBody>(newPerson({ email: person.email }));
  expect(`${taken.status} ${taken.body.code}`).toBe("409 registration.email_taken");
  expect(await disagreement(replicas.admin, replicas.sql)).toEqual(inStep);
});

test("a lost create is taken back, and no reader of events brings it over", async () => {
  const { keycloak, admin, sql } = replicas;
  const gateway = await replicas.start("proxies", { FEED_ENABLED: "false", REGISTRATION_RECOVERY_AFTER_MS: "6000" });
  const client = new AuthClient(gateway.url);
  // Warm: the admin token is there, so that only the create's answer is missing.
  expect((await client.register(newPerson())).status).toBe(201);
  const person = newPerson();
  keycloak.mode = "swallow";
  const lost = await client.register<ProblemBody>(person);
  expect(lost.body.code).toBe("keycloak.timeout");
  keycloak.mode = "refuse";
  const made = await admin.users.find({ email: person.email, exact: true });
  expect(made.map(({ username }) => username)).toEqual([person.email]);
  await replicas.start("directly");
  await eventually(async () => {
    expect((await statesOf(person.email))[0]).toBe("undone");
    expect(await admin.users.find({ email: person.email, exact: true })).toEqual([]);
  }, 40_000);
  expect(await rowsOf(person.email)).toEqual([]);
  keycloak.mode = "pass";
  const retried = await eventually(async () => {
    const answer = await client.register(person);
    expect(answer.status).toBe(201);
    return answer;
  }, 30_000);
  expect(retried.body.user).toMatchObject({ username: person.email });
  expect(await disagreement(admin, sql)).toEqual(inStep);
}, 120_000);
