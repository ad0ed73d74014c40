import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Elysia } from "elysia";
import { queryParam } from "../request/take-scope.ts";
import { createTestAuth, type TestAuth } from "../testing/create-test-auth.ts";
import { settleUrl } from "./request-target.ts";

// A service that has nothing of this repository's but the guard: the path that is routed is the one that was requested.

let auth: TestAuth;
let url: string;
let stop: () => Promise<unknown>;

beforeAll(async () => {
  auth = await createTestAuth();
  const app = new Elysia()
    .use(auth.plugin)
    .get("/orders", ({ query, user }) => ({ query, by: user.id }), {
      permissions: ["orders:read"],
      store: queryParam("store"),
    })
    .get("/prices", ({ query }) => ({ query }), { public: true })
    .listen({ hostname: "127.0.0.1", port: 0 });
  url = `http://127.0.0.1:${app.server?.port}`;
  stop = () => app.stop(true);
});
afterAll(() => stop());

/** fetch takes a `Host` of ours as it is. */
const get = (path: string, host: string, headers: Record<string, string> = {}) =>
  fetch(url + path, { headers: { ...headers, host } });

describe.each(["a", "gw", "abc", "a:1"])("behind the host %p", (host) => {
  test("a longer path is another one", async () => {
    expect((await get("/x/prices", host)).status).toBe(404);
    expect((await get("/xx/orders", host)).status).toBe(404);
    expect((await get("/?/prices", host)).status).toBe(404);
  });

  test("a route is found, with the query that was sent", async () => {
    expect(await (await get("/prices?a=/b?c", host)).json()).toEqual({ query: { a: "/b?c" } });
    const store = "store-1";
    const { headers, userId } = await auth.logIn({
      permissions: [{ permission: "orders:read", storeId: store }],
    });
    expect(await (await get(`/orders?store=${store}`, host, headers)).json()).toEqual({ query: { store }, by: userId });
    expect((await get("/orders?store=store-2", host, headers)).status).toBe(403);
  });
});

test.each(["x y", "a/b", "gateway.example/prices?", "u@gateway.example"])(
  "the host %p is 400, never 500",
  async (host) => {
    const { headers } = await auth.logIn();
    for (const path of ["/prices", "/orders?store=1", "/nowhere"]) {
      const answer = await get(path, host, headers);
      expect(answer.status).toBe(400);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(((await answer.json()) as { code: string }).code).toBe("request.target_invalid");
    }
  },
);

test.each([
  ["http://a/x", "http://a:80/x"],
  ["http://a", "http://a:80/"],
  ["http://a?b=/c", "http://a:80/?b=/c"],
  ["http://a:1/x", "http://a:01/x"],
  ["http://abc/x", "http://abc:80/x"],
  ["https://ab/x", "https://ab:443/x"],
  ["http://abcd/x", "http://abcd/x"],
  ["https://abc/x", "https://abc/x"],
])("the URL %p reads %p", (given, settled) => {
  const request = new Request(given);
  expect(settleUrl(request)).toBeTrue();
  expect(request.url).toBe(settled);
  expect(new URL(request.url).href).toBe(new URL(given).href);
});
