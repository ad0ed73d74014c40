// A registration's retry is safe, and what an outage or a lost answer left of one is taken back by itself.
import { afterEach, expect, test } from "bun:test";
import { disagreement, inStep } from "./support/agreement.ts";
import { AuthClient, type ProblemBody } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { stopGateways } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { quickRecovery, useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
afterEach(stopGateways);

const path = "/auth/register";
const withKey = (key: string) => ({ "idempotency-key": key });

async function statesOf(username: string): Promise<string[]> {
  const rows = await replicas.sql`SELECT state FROM registrations WHERE username = ${username} ORDER BY created_at`;
  return rows.map(({ state }: { state: string }) => state);
}

test("Idempotency-Key: the same answer on any replica, another body refused, parallel ones asked to wait", async () => {
  const gateways = await Promise.all([replicas.start("directly"), replicas.start("directly")]);
  const clients = gateways.map(({ url }) => new AuthClient(url));
  const [first, second] = clients as [AuthClient, AuthClient];
  const person = newPerson();
  const key = crypto.randomUUID();

  const parallel = await Promise.all(
    clients.flatMap((client) => [1, 2, 3].map(() => client.post(path, person, withKey(key)))),
  );
  const created = parallel.filter(({ status }) => status === 201);
  expect(created.length).toBeGreaterThanOrEqual(1);
  for (const { status, body, headers } of parallel.filter((answer) => answer.status !== 201)) {
    expect(`${status} ${body.code}`).toBe("409 idempotency.in_flight");
    expect(headers.get("retry-after")).toBe("2");
  }
  for (const client of clients) {
    const { status, body } = await client.post(path, person, withKey(key));
    expect({ status, body }).toEqual({ status: 201, body: created[0]?.body as typeof body });
  }
  expect(await statesOf(person.username)).toEqual(["completed"]);

  const other = await second.post<ProblemBody>(path, { ...person, firstName: "Eve" }, withKey(key));
  expect(`${other.status} ${other.body.code}`).toBe("422 idempotency.key_reused");
  const taken = () => first.post<ProblemBody>(path, newPerson({ username: person.username }), withKey("Taken-1"));
  expect((await taken()).body.code).toBe("registration.username_taken");
  for (const malformed of ["", "with space", "ü", "x".repeat(256)]) {
    const refused = await first.post<ProblemBody>(path, newPerson(), withKey(malformed));
    expect(`${refused.status} ${refused.body.code}`).toBe("400 input.invalid");
    expect(refused.body.errors?.map((error) => error.path)).toEqual(["Idempotency-Key"]);
  }
  const rows = await replicas.sql`SELECT * FROM idempotency_keys`;
  expect(JSON.stringify(rows)).not.toContain(person.password);
  expect(await gateways[0]?.metrics()).toContain('idempotent_requests_total{outcome="answered"}');
});

test("Keycloak's answer is lost, and Keycloak with it: the user is taken back when it returns, and the key is of use again", async () => {
  const { keycloak, admin, sql } = replicas;
  // In flight for as long as a request may take: recovery does not race it here.
  const gateway = await replicas.start("proxies", { REGISTRATION_RECOVERY_AFTER_MS: "6000" });
  const client = new AuthClient(gateway.url);
  // Warm: the admin token is there, so that only the create's answer is missing.
  expect((await client.register(newPerson())).status).toBe(201);
  const person = newPerson();
  const key = crypto.randomUUID();
  keycloak.mode = "swallow";
  const lost = await client.post<ProblemBody>(path, person, withKey(key));
  expect(lost.body.code).toBe("keycloak.timeout");
  keycloak.mode = "refuse";
  expect((await disagreement(admin, sql)).onlyInKeycloak).toEqual([person.username]);
  expect((await statesOf(person.username)).at(-1)).not.toBe("completed");
  const metrics = await eventually(async () => {
    const text = await gateway.metrics();
    expect(text).toMatch(/registrations_unfinished\{state="(pending|undoing)"\} 1/);
    return text;
  });
  expect(metrics).toMatch(/registrations_oldest_unfinished_seconds \d/);

  keycloak.mode = "pass";
  await eventually(async () => expect(await disagreement(admin, sql)).toEqual(inStep), 40_000);
  const retried = await eventually(async () => {
    const answer = await client.post(path, person, withKey(key));
    expect(answer.status).toBe(201);
    return answer;
  }, 30_000);
  expect((await client.login(person)).status).toBe(200);
  expect((await client.post(path, person, withKey(key))).body).toEqual(retried.body);
  expect(await disagreement(admin, sql)).toEqual(inStep);
}, 120_000);

test("a create that never landed is given up when it no longer can", async () => {
  const { keycloak, admin, sql } = replicas;
  const gateway = await replicas.start("proxies", { ...quickRecovery, REGISTRATION_LOST_CREATE_MS: "3000" });
  const client = new AuthClient(gateway.url);
  const person = newPerson();
  keycloak.mode = "refuse";
  expect((await client.register<ProblemBody>(person)).body.code).toBe("keycloak.unavailable");
  keycloak.mode = "pass";
  await eventually(async () => expect(await statesOf(person.username)).toEqual(["failed"]), 40_000);
  expect(await disagreement(admin, sql)).toEqual(inStep);
});
