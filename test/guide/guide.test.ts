import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS, type TestStack, useStack } from "@libs/dev-stack";
import { AuthClient } from "../support/auth-client.ts";
import { newPerson } from "../support/person.ts";
import { realmAdmin } from "../support/realm-admin.ts";
import { createGuideApp, createGuideServices, migrateExistingUsers } from "./auth-app.ts";

let stack: TestStack;
let services: ReturnType<typeof createGuideServices>;
let app: ReturnType<typeof createGuideApp>;
let client: AuthClient;
const before = { ...process.env };

beforeAll(async () => {
  stack = await useStack();
  // The guide's `new PrismaClient()` and the key ring come from the environment.
  process.env.DATABASE_URL = (await stack.createDatabase()).url;
  process.env.TOKEN_ENCRYPTION_KEYS = stack.tokenEncryptionKeys;
  const { keycloakUrl: url, realm, clientId, clientSecret } = stack;
  services = createGuideServices({ url, realm, clientId, clientSecret });
  app = createGuideApp(services).listen({ port: 0, hostname: "127.0.0.1" });
  client = new AuthClient(`http://127.0.0.1:${app.server?.port}`);
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await app?.stop();
  await services?.prisma.$disconnect();
  process.env.DATABASE_URL = before.DATABASE_URL;
  process.env.TOKEN_ENCRYPTION_KEYS = before.TOKEN_ENCRYPTION_KEYS;
  if (before.DATABASE_URL === undefined) delete process.env.DATABASE_URL;
  if (before.TOKEN_ENCRYPTION_KEYS === undefined) delete process.env.TOKEN_ENCRYPTION_KEYS;
});

test("the guide's four endpoints work as printed", async () => {
  const person = newPerson();
  const registered = await client.register(person);
  expect(registered.status).toBe(201);
  expect((await client.register(person)).status).toBe(400);
  expect((await client.login({ ...person, password: "Wrong-password-1" })).status).toBe(401);
  const login = await client.login({ username: person.username, password: person.password });
  expect(login.status).toBe(200);
  expect(login.body.user.id).toBe(registered.body.userId);
  const { sessionId, tokens } = login.body;
  const refreshed = await client.refresh({ sessionId, refreshToken: tokens.refresh_token });
  expect(refreshed.status).toBe(200);
  const refreshToken = refreshed.body.tokens.refresh_token;
  expect((await client.logout({ sessionId, refreshToken })).status).toBe(200);
  expect((await client.refresh({ sessionId, refreshToken })).status).toBe(401);
  const row = await services.prisma.session.findUnique({ where: { sessionId } });
  expect(row?.endReason).toBe("logout");
});

test("tokens of one session can't be written into another", async () => {
  const [first, second] = await Promise.all(
    [newPerson(), newPerson()].map(async (person) => {
      await client.register(person);
      return (await client.login({ username: person.username, password: person.password })).body;
    }),
  );
  const stolen = await client.refresh({
    sessionId: first?.sessionId ?? "",
    refreshToken: second?.tokens.refresh_token ?? "",
  });
  expect(stolen.status).toBe(401);
});

test("the guide's migration brings users that exist in Keycloak already; one bad id stops nobody", async () => {
  const admin = await realmAdmin(stack);
  const people = [newPerson(), newPerson({ lastName: "Byron" })];
  const ids = await Promise.all(
    people.map(async ({ username, email, firstName, lastName }) => {
      const { id } = await admin.users.create({ username, email, firstName, lastName, enabled: true });
      return id;
    }),
  );
  const migrated = await migrateExistingUsers(services);
  expect(migrated.failed).toEqual([]);
  expect(migrated.successful).toEqual(expect.arrayContaining(ids));
  const rows = await services.prisma.user.findMany({ where: { id: { in: ids } } });
  expect(rows.map(({ lastName }) => lastName).toSorted()).toEqual(["Byron", "Lovelace"]);
  const mixed = await services.userSyncService.bulkSyncUsers([ids[0] ?? "", "no-such-user", ids[1] ?? ""]);
  expect(mixed.successful.toSorted()).toEqual(ids.toSorted());
  expect(mixed.failed).toEqual([{ userId: "no-such-user", error: "user.not_found" }]);
});
