// A sibling service under failures: Keycloak or PostgreSQL away, answers lost in the middle of a checkout.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import type { Answer } from "./support/auth-client.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, ordersEnv } from "./support/gateway-process.ts";
import { type Caller, useShop } from "./support/shop.ts";
import { TcpProxy } from "./support/tcp-proxy.ts";

const shop = useShop();
let keycloak: TcpProxy;
let postgres: TcpProxy;
/** A second replica of the service, which reaches both through proxies. */
let orders: GatewayProcess;
let ada: Caller;

async function through(address: string): Promise<[TcpProxy, string]> {
  const url = new URL(address);
  const proxy = await TcpProxy.to(url.hostname, Number(url.port));
  url.hostname = "127.0.0.1";
  url.port = String(proxy.port);
  return [proxy, url.href.replace(/\/$/, "")];
}

beforeAll(async () => {
  let keycloakUrl: string;
  let databaseUrl: string;
  [keycloak, keycloakUrl] = await through(shop.stack.keycloakUrl);
  [postgres, databaseUrl] = await through(shop.databaseUrl);
  orders = await GatewayProcess.start(ordersEnv({ ...shop.stack, keycloakUrl, databaseUrl }), "orders");
  ada = await shop.customer();
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await orders?.stop();
  await Promise.all([keycloak?.stop(), postgres?.stop()]);
});

beforeEach(async () => {
  keycloak.mode = postgres.mode = "pass";
  await eventually(async () => expect((await fetch(`${orders.url}/health/ready`)).status).toBe(200));
  await eventually(async () => expect((await list()).status).toBe(200));
});

const list = (caller = ada) => caller.call(orders.url, "GET", "/orders");
const checkout = (cart: string, key: string) =>
  ada.call(orders.url, "POST", `/carts/${cart}/checkout`, undefined, { "idempotency-key": key });

async function expectOutage(call: () => Promise<Answer>) {
  const startedAt = performance.now();
  const answer = await call();
  expect(performance.now() - startedAt).toBeLessThan(5500);
  expect([503, 504]).toContain(answer.status);
  expect(String(answer.body.code)).toStartWith("database.");
  expect(answer.headers.get("retry-after")).toBeString();
}

async function ordersOf(cart: string): Promise<number> {
  const [{ count }] = await shop.sql`SELECT count(*)::int AS count FROM orders WHERE cart_id = ${cart}`;
  return count;
}

test.each(["refuse", "black-hole"] as const)("Keycloak away (%s): nobody notices, new logins neither", async (mode) => {
  keycloak.mode = mode;
  expect((await list()).status).toBe(200);
  expect((await list(await shop.customer())).status).toBe(200);
});

test.each(["refuse", "black-hole"] as const)(
  "PostgreSQL away (%s): reported in time, and over when it is back",
  async (mode) => {
    const cart = await shop.fillCart(ada);
    postgres.mode = mode;
    await expectOutage(() => list());
    await expectOutage(() => checkout(cart, cart));
    await eventually(async () => {
      const ready = await fetch(`${orders.url}/health/ready`);
      expect({ status: ready.status, body: await ready.json() }).toMatchObject({
        status: 503,
        body: { checks: { database: "away", guard: "degraded" }, problems: [{ kind: "channel_lost" }] },
      });
    });
    postgres.mode = "pass";
    await eventually(async () => expect((await checkout(cart, cart)).status).toBe(201), 15_000);
    expect(await ordersOf(cart)).toBe(1);
  },
  40_000,
);

test.each(["request", "answer"] as const)(
  "the %s of the commit is lost: asking again gives the one order",
  async (hold) => {
    const cart = await shop.fillCart(ada);
    // Fresh connections: on one that has sent it before, a statement goes by its name alone.
    postgres.cut();
    await eventually(async () => expect((await list()).status).toBe(200));
    const held = postgres.holdAt({ sent: "COMMIT", hold });
    const lost = checkout(cart, cart);
    await Promise.race([held, lost.then(({ raw }) => expect(raw).toBe("not yet answered"))]);
    await expectOutage(() => lost);
    postgres.mode = "pass";
    const again = await eventually(async () => {
      const answer = await checkout(cart, cart);
      expect(answer.status).toBe(201);
      return answer;
    }, 15_000);
    expect(again.body).toMatchObject({ cartId: cart, totalMinor: 900 });
    expect(await ordersOf(cart)).toBe(1);
  },
  40_000,
);
