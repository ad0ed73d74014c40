// Every operation of both services: valid, refused, broken, and with Keycloak or PostgreSQL away. Each answer must be one
// that the service's own OpenAPI document describes: status, content type, headers, schema.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { createDatabase, createRepositories } from "@libs/database";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { AccessService } from "@libs/keycloak-authV2/services/access";
import { ApiDocument, type Operation } from "./support/api-document.ts";
import { brokenCalls, type Call, send } from "./support/broken-requests.ts";
import { eventually } from "./support/eventually.ts";
import { GatewayProcess, gatewayEnv, ordersEnv } from "./support/gateway-process.ts";
import { newPerson, type Person } from "./support/person.ts";
import { useShop } from "./support/shop.ts";
import { TcpProxy } from "./support/tcp-proxy.ts";

const shop = useShop();
let keycloak: TcpProxy;
let postgres: TcpProxy;
let person: Person;
/** Of services that reach Keycloak and PostgreSQL through the proxies. */
const services: Record<"gateway" | "orders", { process: GatewayProcess; document: ApiDocument }> = {} as never;

beforeAll(async () => {
  const through = async (address: string): Promise<[TcpProxy, string]> => {
    const url = new URL(address);
    const proxy = await TcpProxy.to(url.hostname, Number(url.port));
    url.host = `127.0.0.1:${proxy.port}`;
    return [proxy, url.href.replace(/\/$/, "")];
  };
  let [keycloakUrl, databaseUrl] = ["", ""];
  [keycloak, keycloakUrl] = await through(shop.stack.keycloakUrl);
  [postgres, databaseUrl] = await through(shop.databaseUrl);
  const stack = { ...shop.stack, keycloakUrl, databaseUrl };
  for (const name of ["gateway", "orders"] as const) {
    const process = await (name === "gateway"
      ? GatewayProcess.start(gatewayEnv(stack))
      : GatewayProcess.start(ordersEnv(stack), "orders"));
    services[name] = { process, document: await ApiDocument.of(process.url) };
  }
  person = newPerson();
  const registered = await shop.client.register({ ...person, storeId: "store-1" });
  const database = createDatabase(shop.databaseUrl);
  try {
    const access = new AccessService(createRepositories(database));
    const by = { id: "test" };
    await access.defineRole({ name: "clerk", permissions: ["orders:read", "orders:write", "products:write"] }, by);
    await access.grant({ role: "clerk", to: { userId: registered.body.userId }, scope: { storeId: "store-1" } }, by);
  } finally {
    await database.$disconnect();
  }
}, STACK_TIMEOUT_MS);

afterAll(async () => {
  await Promise.all(Object.values(services).map(({ process }) => process.stop()));
  await Promise.all([keycloak?.stop(), postgres?.stop()]);
});

const refreshable = async () => {
  const { body } = await shop.client.login(person);
  return { refreshToken: body.tokens.refresh_token, sessionId: body.sessionId };
};
/** Whoever logs out everywhere is somebody else: the others' sessions go on. */
async function authorization(label: string): Promise<string> {
  const who = label === "POST /auth/logout-all" ? newPerson() : person;
  if (who !== person) await shop.client.register(who);
  // A login that an outage cut short can keep its account for a moment longer.
  return eventually(async () => {
    const login = await shop.client.login(who);
    if (login.status !== 200) throw new Error(login.raw);
    return `Bearer ${login.body.tokens.access_token}`;
  });
}
const cart = async () => shop.fillCart(await shop.logIn(person));
async function order(): Promise<string> {
  const caller = await shop.logIn(person);
  const path = `/carts/${await shop.fillCart(caller)}/checkout`;
  return (await caller.call<{ id: string }>(shop.orders.url, "POST", path)).body.id;
}

const store = { storeId: "store-1" };
const price = { currency: "EUR", name: "Tea", unitPriceMinor: 450 };
const unique = () => ({ "idempotency-key": randomUUID() });

/** A call of each operation that succeeds, once. */
const valid: Record<string, () => Call | Promise<Call>> = {
  "GET /health/live": () => ({ path: {} }),
  "GET /health/ready": () => ({ path: {} }),
  "POST /auth/register": () => ({ path: {}, headers: unique(), body: newPerson() }),
  "POST /auth/login": async () => {
    // Of its own: a login that is cut off keeps its account waiting.
    const { username, password, ...names } = newPerson();
    await shop.client.register({ username, password, ...names });
    return { path: {}, body: { username, password } };
  },
  "POST /auth/refresh": async () => ({ path: {}, body: await refreshable() }),
  "POST /auth/logout": async () => ({ path: {}, body: await refreshable() }),
  "POST /auth/backchannel-logout": () => ({ path: {}, body: { logout_token: "none" } }),
  "GET /auth/me": () => ({ path: {} }),
  "GET /auth/sessions": () => ({ path: {} }),
  "DELETE /auth/sessions/{id}": async () => ({ path: { id: (await refreshable()).sessionId } }),
  "POST /auth/logout-all": () => ({ path: {} }),
  "GET /auth/activity": () => ({ path: {}, query: { limit: "2" } }),
  "POST /carts": () => ({ path: {}, headers: unique(), body: { currency: "EUR" } }),
  "GET /carts/{id}": async () => ({ path: { id: await cart() } }),
  "PUT /carts/{id}/items/{sku}": async () => ({ path: { id: await cart(), sku: "tea" }, body: { quantity: 3 } }),
  "POST /carts/{id}/checkout": async () => ({ path: { id: await cart() }, headers: unique() }),
  "GET /orders": () => ({ path: {}, query: { limit: "2" } }),
  "GET /orders/{id}": async () => ({ path: { id: await order() } }),
  "GET /stores/{storeId}/products": () => ({ path: store, query: { currency: "EUR" } }),
  "PUT /stores/{storeId}/products/{sku}": () => ({ path: { ...store, sku: "tea" }, body: price }),
  "GET /stores/{storeId}/orders": () => ({ path: store }),
  "GET /stores/{storeId}/orders/{id}": async () => ({ path: { ...store, id: await order() } }),
  "PUT /stores/{storeId}/orders/{id}/status": async () => ({
    path: { ...store, id: await order() },
    body: { status: "paid" },
  }),
};

/** Only Keycloak makes logout tokens: its own are sent by the tests of the back channel. */
const SUCCEEDS_ELSEWHERE = "POST /auth/backchannel-logout";
const labelOf = ({ method, path }: Operation) => `${method} ${path}`;

describe.each(["gateway", "orders"] as const)("%s", (name) => {
  /** One after the other: so many logins of one person at once would be refused. */
  const each = async (work: (operation: Operation, label: string) => Promise<void>) => {
    for (const operation of services[name].document.operations) await work(operation, labelOf(operation));
  };
  const atOnce = (work: (operation: Operation, label: string) => Promise<void>) =>
    Promise.all(services[name].document.operations.map((operation) => work(operation, labelOf(operation))));
  const deviations = async (operation: Operation, call: Call, token?: string) => {
    const answer = await send(services[name].process.url, operation, call, token);
    return { status: answer.status, found: await services[name].document.deviations(operation, answer) };
  };
  const validCall = async (label: string): Promise<Call> => {
    const make = valid[label];
    if (!make) throw new Error(`no call that succeeds: ${label}`);
    return await make();
  };

  test("answers as described when all is well", () =>
    each(async (operation, label) => {
      const { status, found } = await deviations(operation, await validCall(label), await authorization(label));
      expect(found, label).toEqual([]);
      if (label !== SUCCEEDS_ELSEWHERE) expect(status, label).toBeLessThan(300);
    }));

  test("answers as described to who is not let in", () =>
    each(async (operation, label) => {
      if (!operation.security) return;
      const call = await validCall(label);
      for (const token of [undefined, "Bearer none", "Basic eA==", `Bearer ${"x".repeat(9_000)}`]) {
        const { status, found } = await deviations(operation, call, token);
        expect({ status, found }, `${label} ${token?.slice(0, 20)}`).toEqual({ status: 401, found: [] });
      }
      const stranger = newPerson();
      await shop.client.register(stranger);
      const { body } = await shop.client.login(stranger);
      const { found } = await deviations(operation, call, `Bearer ${body.tokens.access_token}`);
      expect(found, label).toEqual([]);
    }));

  test("answers as described to broken requests", () =>
    each(async (operation, label) => {
      let token = await authorization(label);
      for (const [what, call] of Object.entries(brokenCalls(operation, await validCall(label)))) {
        const { status, found } = await deviations(operation, call, token);
        expect(found, `${label}: ${what}`).toEqual([]);
        expect(status, `${label}: ${what}`).toBeLessThan(500);
        if (label === "POST /auth/logout-all" && status === 200) token = await authorization(label);
      }
    }));

  test.each([
    ["Keycloak", "refuse"],
    ["PostgreSQL", "refuse"],
    ["PostgreSQL", "black-hole"],
  ] as const)("answers as described while %s is away (%s)", async (server, mode) => {
    const calls = new Map<string, [Call, string]>();
    await each(async (_, label) => {
      calls.set(label, [await validCall(label), await authorization(label)]);
    });
    const proxy = server === "Keycloak" ? keycloak : postgres;
    proxy.mode = mode;
    try {
      const statuses: number[] = [];
      await atOnce(async (operation, label) => {
        const [call, token] = calls.get(label) ?? [{ path: {} }, ""];
        const { status, found } = await deviations(operation, call, token);
        expect(found, label).toEqual([]);
        statuses.push(status);
      });
      // Otherwise nothing was away.
      if (name === "gateway" || server === "PostgreSQL") expect(Math.max(...statuses)).toBeGreaterThan(502);
    } finally {
      proxy.mode = "pass";
    }
    const ready = async () => (await fetch(`${services[name].process.url}/health/ready`)).status;
    await eventually(async () => expect(await ready()).toBe(200));
  });
});
