// Logins that Keycloak refuses: the right answer, and each of them counts against the account's limit.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { AuthClient, type ProblemBody } from "../../support/auth-client.ts";
import { eventually } from "../../support/eventually.ts";
import { type GatewayProcess, stopGateways } from "../../support/gateway-process.ts";
import { newPerson, type Person } from "../../support/person.ts";
import { useReplicas } from "../../support/replicas.ts";
import { recordFigure } from "../figures.ts";

const LIMIT = 3;
const replicas = useReplicas();
let gateway: GatewayProcess;

beforeAll(async () => {
  // The pause keeps Keycloak's own guard from taking two failures for a machine's.
  const limits = { LIMIT_LOGIN_PER_ACCOUNT: String(LIMIT), LOGIN_FAILURE_PAUSE_MS: "1000" };
  gateway = await replicas.start("directly", limits);
}, STACK_TIMEOUT_MS);
afterAll(stopGateways);

let addresses = 0;
/** Somebody at an address of their own. */
const somebody = () => new AuthClient(gateway.url, { "x-forwarded-for": `198.51.100.${++addresses}` });

async function registered(): Promise<Person & { id: string }> {
  const person = newPerson();
  const { status, body } = await somebody().register(person);
  expect(status).toBe(201);
  return { ...person, id: body.userId };
}

/** Keycloak's own guard against guessing locks the account, by logins past the gateway. */
async function locked(): Promise<Person> {
  const { admin, stack } = replicas;
  const person = await registered();
  const wrong = { username: person.username, password: "not the password" };
  const client = { client_id: stack.clientId, client_secret: stack.clientSecret };
  await eventually(async () => {
    const body = new URLSearchParams({ grant_type: "password", ...client, ...wrong });
    await fetch(`${stack.issuer}/protocol/openid-connect/token`, { method: "POST", body });
    expect(await admin.attackDetection.findOne({ id: person.id })).toMatchObject({ disabled: true });
  }, 30_000);
  return person;
}

async function disabled(): Promise<Person> {
  const person = await registered();
  await replicas.admin.users.update({ id: person.id }, { enabled: false });
  return person;
}

const refusals: Record<string, () => Promise<{ username: string; password: string }>> = {
  "wrong password": async () => ({ username: (await registered()).username, password: "not the password" }),
  "unknown user": async () => newPerson(),
  "locked account": locked,
  "disabled user": disabled,
};

for (const [refusal, attempt] of Object.entries(refusals)) {
  test(`${refusal}: 401 with the one code for all of them, and ${LIMIT} of ${LIMIT} count`, async () => {
    const login = await attempt();
    const client = somebody();
    const codes: string[] = [];
    for (let tries = 0; tries <= LIMIT; tries++) {
      const { status, body } = await client.login<ProblemBody>(login);
      codes.push(`${status} ${body.code}`);
    }
    const limited = codes.indexOf("429 rate.limited");
    recordFigure({ figure: "login_limit", refusal, counted: limited === LIMIT ? LIMIT : 0 });
    expect(codes).toEqual([...Array.from({ length: LIMIT }, () => "401 auth.invalid_credentials"), "429 rate.limited"]);
  });
}

test("the right password is not refused, and clears what was counted", async () => {
  const person = await registered();
  const client = somebody();
  for (let round = 0; round < 2; round++) {
    for (let tries = 0; tries < LIMIT - 1; tries++)
      expect((await client.login({ ...person, password: "not the password" })).status).toBe(401);
    expect((await client.login(person)).status).toBe(200);
  }
});
