import { afterAll, beforeAll } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import type { Answer, LoggedIn } from "./auth-client.ts";
import { GatewayProcess, ordersEnv } from "./gateway-process.ts";
import { type Journey, useJourney } from "./journey.ts";
import { newPerson, type Person } from "./person.ts";

/** Who has logged in, and calls services with the access token. */
export interface Caller {
  person: Person;
  userId: string;
  sessionId: string;
  refreshToken: string;
  /** @param base address of a service */
  call<Body = Record<string, unknown>>(
    base: string,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<Body>>;
}

export interface Shop extends Journey {
  orders: GatewayProcess;
  /** Registers somebody in the store and logs in. */
  customer(storeId?: string): Promise<Caller>;
  logIn(person: Person): Promise<Caller>;
  /** A cart with one thing in it. @returns its id */
  fillCart(caller: Caller): Promise<string>;
}

/** Gateway and orders service on the real stack, and the stores `store-1` and `store-2`, which sell `tea` and `cup`. */
export function useShop(): Shop {
  const shop = useJourney() as Shop;
  beforeAll(async () => {
    shop.orders = await GatewayProcess.start(ordersEnv({ ...shop.stack, databaseUrl: shop.databaseUrl }), "orders");
    for (const store of ["store-1", "store-2"]) {
      await shop.sql`INSERT INTO stores ${shop.sql({ id: store, name: store })}`;
      for (const [sku, price] of [
        ["tea", 450],
        ["cup", 1299],
      ] as const) {
        const product = { store_id: store, sku, currency: "EUR", name: sku, unit_price_minor: price };
        await shop.sql`INSERT INTO products ${shop.sql(product)}`;
      }
    }
  }, STACK_TIMEOUT_MS);
  afterAll(async () => {
    await shop.orders?.stop();
  });
  shop.logIn = async (person) => callerOf(person, await shop.client.login(person));
  shop.customer = async (storeId = "store-1") => {
    const person = newPerson();
    const registered = await shop.client.register({ ...person, storeId });
    if (registered.status !== 201) throw new Error(registered.raw);
    return await shop.logIn(person);
  };
  shop.fillCart = async (caller) => {
    const { body } = await caller.call<{ id: string }>(shop.orders.url, "POST", "/carts", { currency: "EUR" });
    await caller.call(shop.orders.url, "PUT", `/carts/${body.id}/items/tea`, { quantity: 2 });
    return body.id;
  };
  return shop;
}

function callerOf(person: Person, { status, raw, body }: Answer<LoggedIn>): Caller {
  if (status !== 200) throw new Error(raw);
  const authorization = `Bearer ${body.tokens.access_token}`;
  return {
    person,
    userId: body.user.id,
    sessionId: body.sessionId,
    refreshToken: body.tokens.refresh_token,
    call: async <Body>(
      base: string,
      method: string,
      path: string,
      content?: unknown,
      headers: Record<string, string> = {},
    ) => {
      const response = await fetch(`${base}${path}`, {
        method,
        headers: { ...(content !== undefined && { "content-type": "application/json" }), authorization, ...headers },
        ...(content !== undefined && { body: JSON.stringify(content) }),
      });
      const text = await response.text();
      const parsed = (text.startsWith("{") ? JSON.parse(text) : {}) as Body;
      return { status: response.status, headers: response.headers, raw: text, body: parsed };
    },
  };
}
