// A role that is given or taken back counts on every replica within a second; one given before the first login is there
// at the first request after it, and only for whom the email is verified.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createDatabase, createRepositories, type PrismaClient } from "@libs/database";
import { AccessService } from "@libs/keycloak-authV2/services/access";
import { AuthClient, type LoggedIn } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import type { GatewayProcess } from "./support/gateway-process.ts";
import { keycloakUserOf, newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const by = { id: "test" };
const replicas = useReplicas();
let gateways: GatewayProcess[] = [];
let database: PrismaClient;
let access: AccessService;

beforeAll(async () => {
  // Without the feed nothing but the login itself can bring what is expected here.
  const start = () => replicas.start("directly", { FEED_ENABLED: "false" });
  gateways = await Promise.all([start(), start()]);
  database = createDatabase(replicas.stack.databaseUrl, { poolSize: 2 });
  access = new AccessService(createRepositories(database));
  await access.registerPermissions({ "orders:read": "See orders." });
  await access.defineRole({ name: "clerk", permissions: ["orders:read"] }, by);
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await database?.$disconnect();
});

const urlOf = (replica: number) => gateways[replica]?.url ?? "";

async function logIn(person: { username: string; password: string }) {
  const { status, body } = await new AuthClient(urlOf(0)).login<LoggedIn>(person);
  expect(status).toBe(200);
  const headers = { authorization: `Bearer ${body.tokens.access_token}` };
  return {
    userId: body.user.id,
    permissionsOn: async (replica: number) => {
      const answer = await new AuthClient(urlOf(replica), headers).get<{ permissions: { permission: string }[] }>(
        "/auth/me",
      );
      expect(answer.status).toBe(200);
      return answer.body.permissions.map(({ permission }) => permission);
    },
  };
}

test("given before the first login: there at the first request after it, on the other replica too", async () => {
  const registered = newPerson();
  await access.grant({ role: "clerk", to: { email: registered.email } }, by);
  const { body } = await new AuthClient(urlOf(0)).register(registered);
  await replicas.admin.users.update({ id: body.userId }, { email: registered.email, emailVerified: true });

  const foreign = newPerson();
  await access.grant({ role: "clerk", to: { email: foreign.email.toUpperCase() } }, by);
  await replicas.admin.users.create({ ...keycloakUserOf(foreign), emailVerified: true });

  for (const person of [registered, foreign]) {
    const { permissionsOn } = await logIn(person);
    expect(await permissionsOn(1)).toEqual(["orders:read"]);
    expect(await permissionsOn(0)).toEqual(["orders:read"]);
  }
});

test("whoever registers another's email gets nothing of it", async () => {
  const person = newPerson();
  await access.grant({ role: "clerk", to: { email: person.email } }, by);
  await new AuthClient(urlOf(0)).register(person);
  const { permissionsOn } = await logIn(person);
  expect([await permissionsOn(0), await permissionsOn(1)]).toEqual([[], []]);
});

test("given, changed and taken back: known to both replicas within a second", async () => {
  const person = newPerson();
  await new AuthClient(urlOf(0)).register(person);
  const { userId, permissionsOn } = await logIn(person);
  const both = () => Promise.all([permissionsOn(0), permissionsOn(1)]);
  // Both have it in memory from here on.
  expect(await both()).toEqual([[], []]);
  const within = async (expected: string[]) => {
    const start = performance.now();
    await eventually(async () => expect(await both()).toEqual([expected, expected]));
    return performance.now() - start;
  };
  const took = [];
  for (let round = 0; round < 5; round++) {
    await access.grant({ role: "clerk", to: { userId } }, by);
    took.push(await within(["orders:read"]));
    await access.revoke({ role: "clerk", to: { userId } }, by);
    took.push(await within([]));
  }
  await access.grant({ role: "clerk", to: { userId } }, by);
  await within(["orders:read"]);
  await access.defineRole({ name: "clerk", permissions: [] }, by);
  took.push(await within([]));
  console.log(`rights changed on two replicas, milliseconds: ${took.map((ms) => ms.toFixed(0)).join(" ")}`);
  expect(Math.max(...took)).toBeLessThan(1_000);
});
