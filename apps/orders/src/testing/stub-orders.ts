import { createInMemoryRepositories, InMemoryDatabase, loginOf } from "@libs/database/testing";
import { createTestAuth, type TestPerson } from "@libs/keycloak-authV2/testing";
import { createLogger, Registry } from "@libs/observability";
import { type App, type AppDeps, createApp } from "../app.ts";
import { CartService } from "../services/cart-service.ts";
import { OrderService } from "../services/order-service.ts";
import { ProductService } from "../services/product-service.ts";

/** What a request is sent with, beside its body. */
export interface Sender {
  userId: string;
  headers: { authorization: string };
}

/** The service over repositories in memory, without Keycloak: a request takes no network. */
export async function stubOrders(overrides: Partial<AppDeps> = {}) {
  const database = new InMemoryDatabase();
  const { carts, orders, products, sessions } = createInMemoryRepositories(database);
  const auth = await createTestAuth();
  const lines: string[] = [];
  let time = Date.parse("2026-11-23T12:00:00.000Z");
  const now = () => new Date(time++);
  const app: App = createApp({
    auth: auth.plugin as AppDeps["auth"],
    carts: new CartService({ carts, now }),
    orders: new OrderService({ orders, now }),
    products: new ProductService({ products, now }),
    readiness: async () => ({ ready: true, checks: { database: "up" } }),
    registry: new Registry(),
    logger: createLogger({ destination: { write: (line) => lines.push(line) } }),
    corsOrigins: [],
    metricsToken: undefined,
    requestTimeoutMs: 2_000,
    isStopping: () => false,
    ...overrides,
  });
  database.stores.add("store-1").add("store-2");
  for (const [sku, unitPriceMinor] of [
    ["tea", 450n],
    ["cup", 1299n],
    ["ship", 9_007_199_254_740_991n],
  ] as const)
    await products.put({ storeId: "store-1", sku, currency: "EUR", name: `A ${sku}`, unitPriceMinor }, now());

  return {
    app,
    auth,
    log: () => lines.join(""),
    /** A person who is known here and has a live session. */
    async person(given: TestPerson = {}): Promise<Sender> {
      const storeId = given.storeId === undefined ? "store-1" : given.storeId;
      const login = loginOf({ storeId });
      await sessions.recordLogin(login);
      const { userId, headers } = await auth.logIn({ ...given, id: login.profile.id, storeId });
      return { userId, headers };
    },
    async call(
      method: string,
      path: string,
      sender?: Pick<Sender, "headers">,
      body?: unknown,
      headers: Record<string, string> = {},
    ): Promise<Response> {
      const json: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
      const text = body === undefined ? null : JSON.stringify(body);
      const all = new Headers({ ...json, ...sender?.headers, ...headers });
      return await app.handle(new Request(`http://orders.test${path}`, { method, headers: all, body: text }));
    },
  };
}

export type StubOrders = Awaited<ReturnType<typeof stubOrders>>;
