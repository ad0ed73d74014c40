// A sibling service on the real stack: it has nothing but the libs, a token of the gateway's login, and the database.
import { describe, expect, test } from "bun:test";
import { createDatabase, createRepositories } from "@libs/database";
import { AccessService } from "@libs/keycloak-authV2/services/access";
import { Validator } from "@seriousme/openapi-schema-validator";
import { eventually } from "./support/eventually.ts";
import { keycloakUserOf, newPerson } from "./support/person.ts";
import { realmAdmin } from "./support/realm-admin.ts";
import { type Caller, useShop } from "./support/shop.ts";

const shop = useShop();
const by = { id: "test" };

async function withAccess<T>(work: (access: AccessService) => Promise<T>): Promise<T> {
  const database = createDatabase(shop.databaseUrl);
  try {
    return await work(new AccessService(createRepositories(database)));
  } finally {
    await database.$disconnect();
  }
}

const storeOrders = (caller: Caller, store = "store-1") =>
  caller.call(shop.orders.url, "GET", `/stores/${store}/orders`);

describe("a customer", () => {
  test("logs in at the gateway, fills a cart and orders it, once", async () => {
    const { orders, sql } = shop;
    const ada = await shop.customer();
    const cart = await shop.fillCart(ada);
    const filled = await ada.call(orders.url, "PUT", `/carts/${cart}/items/cup`, { quantity: 1 });
    expect(filled.body).toMatchObject({ storeId: "store-1", currency: "EUR", totalMinor: 2199, status: "open" });
    const headers = { "idempotency-key": `order-${cart}` };
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        ada.call(orders.url, "POST", `/carts/${cart}/checkout`, undefined, n % 2 ? headers : {}),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201));
    expect(new Set(answers.map(({ raw }) => raw)).size).toBe(1);
    const order = answers[0]?.body as { id: string };
    const rows = await sql`SELECT id, user_id, total_minor::int AS total FROM orders WHERE user_id = ${ada.userId}`;
    expect([...rows]).toEqual([{ id: order.id, user_id: ada.userId, total: 2199 }]);
    const other = await shop.fillCart(ada);
    const reused = await ada.call(orders.url, "POST", `/carts/${other}/checkout`, undefined, headers);
    expect({ status: reused.status, code: reused.body.code }).toEqual({ status: 422, code: "idempotency.key_reused" });
    const page = await ada.call<{ orders: { id: string }[] }>(orders.url, "GET", "/orders");
    expect(page.body.orders.map(({ id }) => id)).toEqual([order.id]);
  });

  test("is refused without a token, and within a second of the logout", async () => {
    const { client, orders } = shop;
    const ada = await shop.customer();
    expect((await fetch(`${orders.url}/orders`)).status).toBe(401);
    const call = () => ada.call(orders.url, "GET", "/orders");
    expect((await call()).status).toBe(200);
    await client.logout({ sessionId: ada.sessionId, refreshToken: ada.refreshToken });
    const loggedOutAt = performance.now();
    const refused = await eventually(async () => {
      const answer = await call();
      expect(answer.status).toBe(401);
      return answer;
    });
    expect(performance.now() - loggedOutAt).toBeLessThan(1000);
    expect(refused.body.code).toBe("session.ended");
    expect(refused.headers.get("www-authenticate")).toContain('error="invalid_token"');
  });
});

describe("who works for a store", () => {
  test("has a permission that waited for the verified email at the first request, and loses it within a second", async () => {
    const admin = await realmAdmin(shop.stack);
    const clerk = newPerson();
    const role = { name: "clerk", permissions: ["orders:read"] };
    const assignment = { role: "clerk", to: { email: clerk.email }, scope: { storeId: "store-1" } };
    await withAccess(async (access) => {
      await access.defineRole(role, by);
      await access.grant(assignment, by);
    });
    await admin.users.create({ ...keycloakUserOf(clerk), emailVerified: true });
    const caller = await shop.logIn(clerk);
    expect((await storeOrders(caller)).status).toBe(200);
    const elsewhere = await storeOrders(caller, "store-2");
    expect(elsewhere.status).toBe(403);
    expect(elsewhere.body.detail).toContain("orders:read");
    await withAccess((access) => access.revoke(assignment, by));
    const revokedAt = performance.now();
    await eventually(async () => expect((await storeOrders(caller)).status).toBe(403));
    expect(performance.now() - revokedAt).toBeLessThan(1000);
  });

  test("is nobody who merely registered with that email", async () => {
    const person = newPerson();
    const assignment = { role: "clerk", to: { email: person.email }, scope: { storeId: "store-1" } };
    await withAccess((access) => access.grant(assignment, by));
    await shop.client.register(person);
    expect((await storeOrders(await shop.logIn(person))).status).toBe(403);
  });
});

test("the service's document is valid OpenAPI, and names the guard of every route for people", async () => {
  const answer = await fetch(`${shop.orders.url}/openapi/json`);
  const document = (await answer.json()) as {
    paths: Record<string, Record<string, { security?: object[]; responses: object }>>;
  };
  const { valid, errors } = await new Validator().validate(document);
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  for (const [path, operations] of Object.entries(document.paths)) {
    if (path.startsWith("/health")) continue;
    for (const { security, responses } of Object.values(operations)) {
      expect(security).toEqual([{ bearerAuth: [] }]);
      expect(responses).toHaveProperty("401");
    }
  }
});
