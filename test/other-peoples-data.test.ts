// Every route of both services, called by somebody with another person's ids: nothing is shown, nothing is changed.
import { expect, test } from "bun:test";
import type { Answer } from "./support/auth-client.ts";
import type { Caller } from "./support/shop.ts";
import { useShop } from "./support/shop.ts";

const shop = useShop();

/** What the victim has, and an attacker may know of it. */
interface Belongings {
  victim: Caller;
  attacker: Caller;
  cart: string;
  order: string;
  activityCursor: string;
}

/** How a route is attacked. @returns the answers, each of which must be one of `refused`, or show the attacker alone */
interface Attack {
  refused?: readonly number[];
  send(have: Belongings): Promise<Answer>[];
}

const gateway = (caller: Caller, method: string, path: string, body?: unknown) =>
  caller.call(shop.gateway.url, method, path, body);
const orders = (caller: Caller, method: string, path: string, body?: unknown) =>
  caller.call(shop.orders.url, method, path, body);

/** Says nothing of anybody, or is not for people. */
const impersonal: Attack = { send: () => [] };
/** Shows the caller's own data: the answer must hold nothing of the victim's. */
const own = (send: Attack["send"]): Attack => ({ send });
const refused = (statuses: readonly number[], send: Attack["send"]): Attack => ({ refused: statuses, send });

const gatewayAttacks: Record<string, Attack> = {
  "GET /health/live": impersonal,
  "GET /health/ready": impersonal,
  "POST /auth/register": refused([409], ({ attacker, victim }) => [
    gateway(attacker, "POST", "/auth/register", {
      ...attacker.person,
      username: victim.person.username,
      email: "x@example.com",
    }),
    gateway(attacker, "POST", "/auth/register", {
      ...attacker.person,
      username: "other-name",
      email: victim.person.email,
    }),
  ]),
  "POST /auth/login": refused([401], ({ attacker, victim }) => [
    gateway(attacker, "POST", "/auth/login", { username: victim.person.username, password: attacker.person.password }),
  ]),
  "POST /auth/refresh": refused([401], ({ attacker, victim }) => [
    gateway(attacker, "POST", "/auth/refresh", { sessionId: victim.sessionId, refreshToken: attacker.refreshToken }),
  ]),
  "POST /auth/logout": refused([401], ({ attacker, victim }) => [
    gateway(attacker, "POST", "/auth/logout", { sessionId: victim.sessionId, refreshToken: attacker.refreshToken }),
  ]),
  // A form with a token that only Keycloak can sign: JSON is not even read.
  "POST /auth/backchannel-logout": refused([415], ({ attacker, victim }) => [
    gateway(attacker, "POST", "/auth/backchannel-logout", { logout_token: victim.sessionId }),
  ]),
  "GET /auth/me": own(({ attacker, victim }) => [
    gateway(attacker, "GET", "/auth/me"),
    gateway(attacker, "GET", `/auth/me?user=${victim.userId}`),
  ]),
  "GET /auth/sessions": own(({ attacker, victim }) => [
    gateway(attacker, "GET", "/auth/sessions"),
    gateway(attacker, "GET", `/auth/sessions?userId=${victim.userId}`),
  ]),
  "DELETE /auth/sessions/{id}": refused([404], ({ attacker, victim }) => [
    gateway(attacker, "DELETE", `/auth/sessions/${victim.sessionId}`),
  ]),
  "GET /auth/activity": own(({ attacker, activityCursor }) => [
    gateway(attacker, "GET", "/auth/activity"),
    gateway(attacker, "GET", `/auth/activity?cursor=${activityCursor}`),
  ]),
  // Last: it ends the attacker's own session.
  "POST /auth/logout-all": own(({ attacker, victim }) => [
    gateway(attacker, "POST", "/auth/logout-all", { userId: victim.userId }),
  ]),
};

const orderAttacks: Record<string, Attack> = {
  "GET /health/live": impersonal,
  "GET /health/ready": impersonal,
  "POST /carts": own(({ attacker }) => [orders(attacker, "POST", "/carts", { currency: "EUR" })]),
  "GET /carts/{id}": refused([404], ({ attacker, cart }) => [orders(attacker, "GET", `/carts/${cart}`)]),
  "PUT /carts/{id}/items/{sku}": refused([404], ({ attacker, cart }) => [
    orders(attacker, "PUT", `/carts/${cart}/items/tea`, { quantity: 0 }),
    orders(attacker, "PUT", `/carts/${cart}/items/cup`, { quantity: 5 }),
  ]),
  "POST /carts/{id}/checkout": refused([404], ({ attacker, cart }) => [
    orders(attacker, "POST", `/carts/${cart}/checkout`),
  ]),
  "GET /orders": own(({ attacker, order }) => [
    orders(attacker, "GET", "/orders"),
    orders(attacker, "GET", `/orders?cursor=zzzzzzzz.${order}`),
  ]),
  "GET /orders/{id}": refused([404], ({ attacker, order }) => [orders(attacker, "GET", `/orders/${order}`)]),
  "GET /stores/{storeId}/products": own(({ attacker }) => [
    orders(attacker, "GET", "/stores/store-1/products?currency=EUR"),
  ]),
  "PUT /stores/{storeId}/products/{sku}": refused([403], ({ attacker }) => [
    orders(attacker, "PUT", "/stores/store-1/products/tea", { currency: "EUR", name: "Mine", unitPriceMinor: 1 }),
  ]),
  "GET /stores/{storeId}/orders": refused([403], ({ attacker }) => [orders(attacker, "GET", "/stores/store-1/orders")]),
  "GET /stores/{storeId}/orders/{id}": refused([403], ({ attacker, order }) => [
    orders(attacker, "GET", `/stores/store-1/orders/${order}`),
  ]),
  "PUT /stores/{storeId}/orders/{id}/status": refused([403], ({ attacker, order }) => [
    orders(attacker, "PUT", `/stores/store-1/orders/${order}/status`, { status: "cancelled" }),
  ]),
};

/** Methods and addresses that a service offers, as its OpenAPI document has them. */
async function routesOf(url: string): Promise<string[]> {
  const document = (await (await fetch(`${url}/openapi/json`)).json()) as { paths: Record<string, object> };
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/(.)\/$/, "$1")}`),
  );
}

async function belongings(): Promise<Belongings> {
  const [victim, attacker] = [await shop.customer(), await shop.customer()];
  const ordered = await shop.fillCart(victim);
  const { body } = await orders(victim, "POST", `/carts/${ordered}/checkout`);
  const activity = await gateway(victim, "GET", "/auth/activity?limit=1");
  expect(activity.body.nextCursor).toBeString();
  return {
    victim,
    attacker,
    cart: await shop.fillCart(victim),
    order: String(body.id),
    activityCursor: String(activity.body.nextCursor),
  };
}

/** Everything that is the victim's, as the victim sees it, and the database's rows. */
async function snapshot({ victim, cart, order }: Belongings): Promise<unknown> {
  const { sql } = shop;
  const answers = await Promise.all([
    gateway(victim, "GET", "/auth/me"),
    gateway(victim, "GET", "/auth/sessions"),
    orders(victim, "GET", `/carts/${cart}`),
    orders(victim, "GET", `/orders/${order}`),
    orders(victim, "GET", "/stores/store-1/products?currency=EUR"),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  const rows = await sql`SELECT session_id, ended_at, last_seen_at FROM sessions WHERE user_id = ${victim.userId}`;
  return [answers.map(({ body }) => body), [...rows]];
}

test("no route shows or changes what is another person's", async () => {
  const have = await belongings();
  const before = await snapshot(have);
  const { victim, cart, order } = have;
  const traces = [victim.userId, victim.sessionId, victim.person.email, victim.person.username, cart, order];
  for (const [url, attacks] of [
    [shop.orders.url, orderAttacks],
    [shop.gateway.url, gatewayAttacks],
  ] as const) {
    expect((await routesOf(url)).toSorted()).toEqual(Object.keys(attacks).toSorted());
    for (const [route, attack] of Object.entries(attacks)) {
      for (const answer of await Promise.all(attack.send(have))) {
        const { status, raw } = answer;
        const expected = attack.refused ?? [200, 201, 400];
        expect({ route, status, raw, asExpected: expected.includes(status) }).toMatchObject({
          route,
          asExpected: true,
        });
        for (const trace of traces) expect({ route, shown: raw.includes(trace) }).toEqual({ route, shown: false });
      }
    }
  }
  expect(await snapshot(have)).toEqual(before);
});

test("without a token, every guarded route is refused before anything else", async () => {
  for (const url of [shop.orders.url, shop.gateway.url]) {
    const document = (await (await fetch(`${url}/openapi/json`)).json()) as {
      paths: Record<string, Record<string, { security?: unknown[] }>>;
    };
    let guarded = 0;
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        if (!security) continue;
        guarded += 1;
        const address = `${url}${path.replace(/\{(\w+)\}/g, "0")}`;
        const response = await fetch(address, { method: method.toUpperCase(), ...(method !== "get" && { body: "{" }) });
        expect({ path, method, status: response.status }).toEqual({ path, method, status: 401 });
        expect(response.headers.get("www-authenticate")).toStartWith("Bearer");
      }
    }
    expect(guarded).toBeGreaterThan(4);
  }
});
