import { beforeAll, describe, expect, test } from "bun:test";
import { assertGuarded } from "@libs/auth-guard";
import { expectProblem, expectServiceProblem } from "@libs/http/testing";
import { orderProblems } from "./services/order-error.ts";
import { type Sender, type StubOrders, stubOrders } from "./testing/stub-orders.ts";

let service: StubOrders;
let ada: Sender;

beforeAll(async () => {
  service = await stubOrders();
  ada = await service.person();
});

type Json = Record<string, unknown>;
const nobody = "019ab000-0000-7000-8000-000000000000";

async function openCart(sender: Sender, headers: Record<string, string> = {}): Promise<string> {
  const response = await service.call("POST", "/carts", sender, { currency: "EUR" }, headers);
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

const put = (sender: Sender, cart: string, sku: string, quantity: unknown) =>
  service.call("PUT", `/carts/${cart}/items/${sku}`, sender, { quantity });

async function placeOrder(sender: Sender): Promise<string> {
  const cart = await openCart(sender);
  await put(sender, cart, "tea", 1);
  const response = await service.call("POST", `/carts/${cart}/checkout`, sender);
  return ((await response.json()) as { id: string }).id;
}

const problem = (response: Response, code: keyof typeof orderProblems) =>
  expectServiceProblem(orderProblems, response, code);

test("every route is guarded, or for operators", () => {
  // Preflights of browsers carry no token (Fetch standard).
  const routes = service.app.routes.filter(({ method }) => method !== "OPTIONS");
  assertGuarded({ routes }, { except: ["/health/*", "/metrics", "/openapi", "/openapi/*"] });
});

describe("carts", () => {
  test("from an empty cart to an order", async () => {
    const cart = await openCart(ada);
    await put(ada, cart, "cup", 2);
    const filled = await put(ada, cart, "tea", 3);
    expect(filled.status).toBe(200);
    expect(await filled.json()).toMatchObject({ storeId: "store-1", status: "open", totalMinor: 3948 });
    const ordered = await service.call("POST", `/carts/${cart}/checkout`, ada);
    expect(ordered.status).toBe(201);
    const order = (await ordered.json()) as Json;
    expect(order).toMatchObject({
      userId: ada.userId,
      cartId: cart,
      currency: "EUR",
      totalMinor: 3948,
      status: "placed",
    });
    expect(await (await service.call("GET", `/orders/${order.id}`, ada)).json()).toEqual(order);
    expect(await (await service.call("GET", `/carts/${cart}`, ada)).json()).toMatchObject({ status: "ordered" });
    await problem(await put(ada, cart, "tea", 1), "cart.not_open");
    const again = await service.call("POST", `/carts/${cart}/checkout`, ada);
    expect(await again.json()).toEqual(order);
  });

  test("an Idempotency-Key makes a repetition safe, for its owner and the same request alone", async () => {
    const headers = { "idempotency-key": "cart-1" };
    const cart = await openCart(ada, headers);
    expect(await openCart(ada, headers)).toBe(cart);
    expect(await openCart(await service.person(), headers)).not.toBe(cart);
    const other = await service.call("POST", "/carts", ada, { currency: "USD" }, headers);
    await expectProblem(other, "idempotency.key_reused");
    const bad = await service.call("POST", "/carts", ada, { currency: "EUR" }, { "idempotency-key": "a b" });
    expect((await expectProblem(bad, "input.invalid")).errors?.[0]?.path).toBe("Idempotency-Key");
  });

  test("what can't be ordered is refused with a reason", async () => {
    const cart = await openCart(ada);
    await problem(await service.call("POST", `/carts/${cart}/checkout`, ada), "cart.empty");
    await problem(await put(ada, cart, "none", 1), "product.not_found");
    await problem(await put(ada, cart, "ship", 2), "cart.total_too_large");
    const outsider = await service.person({ storeId: null });
    await problem(await service.call("POST", "/carts", outsider, { currency: "EUR" }), "cart.no_store");
  });

  test.each([1.5, -1, 1001, "1", null, 1e21])("a quantity of %p is refused", async (quantity) => {
    await expectProblem(await put(ada, await openCart(ada), "tea", quantity), "input.invalid");
  });

  test("no other may see, fill or order a cart, whatever rights they have", async () => {
    const cart = await openCart(ada);
    const other = await service.person({ permissions: ["orders:read", "orders:write", "products:write"] });
    for (const id of [cart, nobody]) {
      await problem(await service.call("GET", `/carts/${id}`, other), "cart.not_found");
      await problem(await put(other, id, "tea", 1), "cart.not_found");
      await problem(await service.call("POST", `/carts/${id}/checkout`, other), "cart.not_found");
    }
  });
});

describe("orders", () => {
  test("come newest first, in pages, and are one's own", async () => {
    const bob = await service.person();
    const ids = [await placeOrder(bob), await placeOrder(bob), await placeOrder(bob)];
    const first = (await (await service.call("GET", "/orders?limit=2", bob)).json()) as {
      orders: Json[];
      next: string;
    };
    expect(first.orders.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    const second = await service.call("GET", `/orders?limit=2&cursor=${first.next}`, bob);
    expect(await second.json()).toMatchObject({ orders: [{ id: ids[0] }], next: null });
    await problem(await service.call("GET", `/orders/${ids[0]}`, ada), "order.not_found");
    expect(await (await service.call("GET", "/orders", await service.person())).json()).toEqual({
      orders: [],
      next: null,
    });
  });

  test.each(["cursor=x", "cursor=1.2", "limit=0", "limit=101", "limit=x", "user=u"])(
    "?%s is refused",
    async (query) => {
      await expectProblem(await service.call("GET", `/orders?${query}`, ada), "input.invalid");
    },
  );
});

describe("a store", () => {
  test("shows its orders to who may read them there, and to nobody else", async () => {
    const id = await placeOrder(ada);
    const clerk = await service.person({ permissions: [{ permission: "orders:read", storeId: "store-1" }] });
    const page = (await (await service.call("GET", "/stores/store-1/orders", clerk)).json()) as { orders: Json[] };
    expect(page.orders[0]).toMatchObject({ id, userId: ada.userId });
    expect((await service.call("GET", `/stores/store-1/orders/${id}`, clerk)).status).toBe(200);
    for (const [path, sender] of [
      ["/stores/store-2/orders", clerk],
      [`/stores/store-2/orders/${id}`, clerk],
      ["/stores/store-1/orders", ada],
      [`/stores/store-1/orders/${id}`, ada],
    ] as const) {
      const refused = await expectProblem(await service.call("GET", path, sender), "permission.missing");
      expect(refused.detail).toContain("orders:read");
    }
    const everywhere = await service.person({ permissions: ["orders:read"] });
    await problem(await service.call("GET", `/stores/store-2/orders/${id}`, everywhere), "order.not_found");
  });

  test("moves an order on, one way", async () => {
    const id = await placeOrder(ada);
    const clerk = await service.person({ permissions: [{ permission: "orders:write", storeId: "store-1" }] });
    const move = (status: string) => service.call("PUT", `/stores/store-1/orders/${id}/status`, clerk, { status });
    await problem(await move("shipped"), "order.not_possible");
    expect(await (await move("paid")).json()).toMatchObject({ status: "paid" });
    expect((await move("shipped")).status).toBe(200);
    await problem(await move("cancelled"), "order.not_possible");
    await expectProblem(await move("placed"), "input.invalid");
  });

  test("sells what its people say, for amounts that can be counted", async () => {
    const manager = await service.person({ permissions: ["products:write"] });
    const sell = (sender: Sender, product: Json, store = "store-2") =>
      service.call("PUT", `/stores/${store}/products/pot`, sender, { currency: "EUR", name: "Pot", ...product });
    expect((await sell(manager, { unitPriceMinor: 2500 })).status).toBe(200);
    const list = await service.call("GET", "/stores/store-2/products?currency=EUR", ada);
    expect(await list.json()).toEqual({
      products: [{ sku: "pot", currency: "EUR", name: "Pot", unitPriceMinor: 2500 }],
    });
    for (const unitPriceMinor of [-1, 0.5, 2 ** 53, "1"])
      await expectProblem(await sell(manager, { unitPriceMinor }), "input.invalid");
    await problem(await sell(manager, { unitPriceMinor: 1 }, "nowhere"), "store.not_found");
    await expectProblem(await sell(ada, { unitPriceMinor: 1 }), "permission.missing");
  });
});
