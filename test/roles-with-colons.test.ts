// Roles of Keycloak whose names, or whose clients' ids, have colons: each can be asked for, and none passes for another.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { clientRole, keycloakAuth, openGuard, realmRole } from "@libs/auth-guard";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { Elysia } from "elysia";
import { AuthClient } from "./support/auth-client.ts";
import { stopGateways } from "./support/gateway-process.ts";
import { newPerson } from "./support/person.ts";
import { useReplicas } from "./support/replicas.ts";

const replicas = useReplicas();
let client: AuthClient;
let guard: ReturnType<typeof openGuard>;
let ask: (roles: string, token: string) => Promise<number>;

/** By what a route asks for: the role that it means. */
const gw = "api-gateway";
const asked = {
  [realmRole("reports:read")]: { role: "reports:read" },
  [clientRole("reports", "read")]: { client: "reports", role: "read" },
  [realmRole(`${gw}:admin`)]: { role: `${gw}:admin` },
  [clientRole(gw, "admin")]: { client: gw, role: "admin" },
  [realmRole("plain")]: { role: "plain" },
  [clientRole("a", "b:c")]: { client: "a", role: "b:c" },
  [clientRole("a:b", "c")]: { client: "a:b", role: "c" },
  [realmRole("a:b:c")]: { role: "a:b:c" },
  [clientRole("a%3Ab", "c")]: { client: "a%3Ab", role: "c" },
} as Record<string, { client?: string; role: string }>;

beforeAll(async () => {
  const { stack, admin } = replicas;
  client = new AuthClient((await replicas.start("directly", { FEED_ENABLED: "false" })).url);
  for (const { client: clientId, role: name } of Object.values(asked)) {
    if (clientId === undefined) await admin.roles.create({ name });
    else {
      if ((await admin.clients.find({ clientId })).length === 0) await admin.clients.create({ clientId });
      await admin.clients.createRole({ id: await idOf(clientId), name });
    }
  }
  // Every role gets into the tokens.
  const own = await admin.clients.findOne({ id: await idOf(gw) });
  await admin.clients.update({ id: own?.id ?? "" }, { ...own, fullScopeAllowed: true });
  guard = openGuard({
    url: stack.keycloakUrl,
    realm: stack.realm,
    clientId: stack.clientId,
    issuer: stack.issuer,
    databaseUrl: stack.databaseUrl,
  });
  const app = Object.keys(asked).reduce(
    (routes, role, index) => routes.get(`/${index}`, () => "ok", { roles: [role] }),
    new Elysia().use(keycloakAuth(guard)) as unknown as { get: (...route: unknown[]) => never },
  ) as unknown as Elysia;
  ask = async (role, token) => {
    const headers = { authorization: `Bearer ${token}` };
    const path = `http://test/${Object.keys(asked).indexOf(role)}`;
    return (await app.handle(new Request(path, { headers }))).status;
  };
}, STACK_TIMEOUT_MS);
afterAll(async () => {
  await guard?.close();
  await stopGateways();
}, 30_000);

async function idOf(clientId: string): Promise<string> {
  return (await replicas.admin.clients.find({ clientId }))[0]?.id ?? "";
}

/** Somebody with one role of Keycloak's. @returns an access token */
async function holder({ client: clientId, role: roleName }: { client?: string; role: string }): Promise<string> {
  const { admin } = replicas;
  const person = newPerson();
  const { userId: id } = (await client.register(person)).body;
  if (clientId === undefined) {
    const role = await admin.roles.findOneByName({ name: roleName });
    await admin.users.addRealmRoleMappings({ id, roles: [{ id: role?.id ?? "", name: roleName }] });
  } else {
    const clientUniqueId = await idOf(clientId);
    const role = await admin.clients.findRole({ id: clientUniqueId, roleName });
    await admin.users.addClientRoleMappings({ id, clientUniqueId, roles: [{ id: role?.id ?? "", name: roleName }] });
  }
  return (await client.login(person)).body.tokens.access_token;
}

test("whoever holds one of them passes where it is asked for, and nowhere else", async () => {
  const names = Object.keys(asked);
  expect(new Set(names).size).toBe(9);
  for (const [held, role] of Object.entries(asked)) {
    const token = await holder(role);
    const statuses = await Promise.all(names.map(async (name) => [name, await ask(name, token)]));
    const expected = names.map((name) => [name, name === held ? 200 : 403]);
    expect(Object.fromEntries(statuses)).toEqual(Object.fromEntries(expected));
    const { body } = await new AuthClient(client.url, { authorization: `Bearer ${token}` }).get<{ roles: string[] }>(
      "/auth/me",
    );
    expect(body.roles).toContain(held);
  }
}, 60_000);
