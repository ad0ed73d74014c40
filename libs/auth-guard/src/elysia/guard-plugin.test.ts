import { beforeAll, describe, expect, test } from "bun:test";
import { Elysia, t } from "elysia";
import { clientRole, realmRole } from "../guard/role-name.ts";
import { pathParam } from "../request/take-scope.ts";
import { createTestAuth, type TestAuth } from "../testing/create-test-auth.ts";
import { assertGuarded } from "./assert-guarded.ts";
import { guardFirst } from "./guard-first.ts";
import { guardPlugin } from "./guard-plugin.ts";

let auth: TestAuth;
beforeAll(async () => {
  auth = await createTestAuth();
});

const createApp = ({ plugin }: TestAuth) =>
  new Elysia({ normalize: false })
    .use(plugin)
    .get("/me", ({ user, session }) => ({ id: user.id, session: session.id }), { auth: true })
    .get("/open", (context) => ({ user: "user" in context }), { public: true })
    .get("/forgotten", () => "forgotten")
    .post("/orders", ({ body, user }) => ({ sku: body.sku, by: user.id }), {
      body: t.Object({ sku: t.String() }),
      permissions: ["orders:write"],
    })
    .get("/stores/:store/orders", ({ user }) => user.username, {
      permissions: ["orders:read"],
      store: pathParam("store"),
    })
    .get("/admin", () => "ok", { roles: ["admin", "gw:operator"] })
    .get("/sensitive", () => "ok", { auth: { maxAuthAgeSeconds: 60 } })
    .get("/machine", ({ user }) => user.kind, { auth: true, serviceAccounts: true, roles: ["sync"] });

type Headers = Record<string, string>;
const call = async (path: string, headers: Headers = {}, init: RequestInit = {}) => {
  const answer = await createApp(auth).handle(new Request(`http://test${path}`, { ...init, headers }));
  const text = await answer.text();
  return { status: answer.status, text, headers: answer.headers, json: () => JSON.parse(text) };
};

describe("a guarded route", () => {
  test("knows who calls", async () => {
    const login = await auth.logIn();
    const answer = await call("/me", login.headers);
    expect(answer.json()).toEqual({ id: login.userId, session: login.sessionId });
  });

  test("refuses a caller without a token, and says what it wants", async () => {
    const answer = await call("/me");
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.json().code).toBe("token.missing");
  });

  test("refuses a bad token without repeating it", async () => {
    const answer = await call("/me", { authorization: "Bearer some.bad.token" });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toContain('error="invalid_token"');
    expect(answer.text).not.toContain("some.bad.token");
  });

  test("an ended session and a disabled user are refused at once", async () => {
    const [ended, disabled] = [await auth.logIn(), await auth.logIn()];
    expect((await call("/me", ended.headers)).status).toBe(200);
    expect((await call("/me", disabled.headers)).status).toBe(200);
    auth.endSession(ended);
    auth.disable(disabled);
    expect((await call("/me", ended.headers)).json().code).toBe("session.ended");
    expect((await call("/me", disabled.headers)).json().code).toBe("session.ended");
  });

  test("nothing leaks to a route that did not ask", async () => {
    expect((await call("/open")).json()).toEqual({ user: false });
    expect((await call("/forgotten")).text).toBe("forgotten");
  });

  test("refuses before the body is read", async () => {
    const unread = (headers: Headers) => {
      let pulled = 0;
      const body = new ReadableStream({
        pull(controller) {
          pulled += 1;
          if (pulled > 100) return controller.close();
          controller.enqueue(new Uint8Array(1024));
        },
      });
      return call("/orders", { "content-type": "application/json", ...headers }, { method: "POST", body }).then(
        ({ status }) => ({ status, pulled: pulled > 2 }),
      );
    };
    expect(await unread({})).toEqual({ status: 401, pulled: false });
    const { headers } = await auth.logIn();
    expect(await unread(headers)).toEqual({ status: 403, pulled: false });
    const broken = { method: "POST", body: "{" };
    expect((await call("/orders", { "content-type": "application/json" }, broken)).status).toBe(401);
  });

  test("permissions: named when they are missing, counted everywhere or in the store", async () => {
    const send = { method: "POST", body: '{"sku":"a"}' };
    const json = { "content-type": "application/json" };
    const writer = await auth.logIn({ permissions: ["orders:write"] });
    expect((await call("/orders", { ...writer.headers, ...json }, send)).json()).toEqual({
      sku: "a",
      by: writer.userId,
    });
    const inStore = await auth.logIn({
      username: "ada",
      permissions: [
        { permission: "orders:read", storeId: "s1" },
        { permission: "orders:write", storeId: "s1" },
      ],
    });
    const refused = await call("/orders", { ...inStore.headers, ...json }, send);
    expect(refused.status).toBe(403);
    expect(refused.json()).toMatchObject({
      code: "permission.missing",
      detail: expect.stringContaining("orders:write"),
    });
    expect((await call("/stores/s1/orders", inStore.headers)).text).toBe("ada");
    expect((await call("/stores/s2/orders", inStore.headers)).status).toBe(403);
  });

  test("a permission in an organization holds in its stores", async () => {
    auth.putStore("s3", "o1");
    auth.putStore("s4", "o2");
    const { headers } = await auth.logIn({ permissions: [{ permission: "orders:read", organizationId: "o1" }] });
    expect((await call("/stores/s3/orders", headers)).status).toBe(200);
    expect((await call("/stores/s4/orders", headers)).status).toBe(403);
    expect((await call("/stores/unknown/orders", headers)).status).toBe(403);
  });

  test("a permission that is taken away is gone at once", async () => {
    const login = await auth.logIn({ permissions: ["orders:read"] });
    expect((await call("/stores/s1/orders", login.headers)).status).toBe(200);
    auth.setPermissions(login, []);
    expect((await call("/stores/s1/orders", login.headers)).status).toBe(403);
  });

  test("one of the roles is enough", async () => {
    expect((await call("/admin", (await auth.logIn({ roles: ["admin"] })).headers)).status).toBe(200);
    expect((await call("/admin", (await auth.logIn({ roles: ["gw:operator"] })).headers)).status).toBe(200);
    const answer = await call("/admin", (await auth.logIn({ roles: ["operator", "other:operator"] })).headers);
    expect(answer.json()).toMatchObject({
      status: 403,
      code: "role.missing",
      detail: expect.stringContaining("admin"),
    });
  });

  test("a session that is too old for the route has to log in again", async () => {
    const { headers } = await auth.logIn({ startedAt: new Date(Date.now() - 61_000) });
    const answer = await call("/sensitive", headers);
    expect(answer.json()).toMatchObject({ status: 401, code: "session.too_old" });
    expect(answer.headers.get("www-authenticate")).toContain('max_age="60"');
    expect((await call("/me", headers)).status).toBe(200);
  });

  test("service accounts are let in where a route says so", async () => {
    const { headers } = await auth.serviceAccount(["sync"]);
    expect((await call("/machine", headers)).text).toBe("service");
    expect((await call("/me", headers)).status).toBe(401);
  });
});

test("a route that asks for a guard before the plugin is used is never served", () => {
  const app = new Elysia().get("/", () => "secret", { auth: true } as object).use(auth.plugin);
  expect(() => app.listen(0)).toThrow("has a guard but no keycloakAuth(): GET /");
});

test("a fault of the check itself is ours, not the body's", async () => {
  const broken = new Proxy(auth.guard, {
    get: (guard, name) =>
      name === "authenticate"
        ? () => {
            throw new TypeError("a bug");
          }
        : Reflect.get(guard, name, guard),
  });
  const app = new Elysia().use(guardPlugin(broken)).post("/orders", ({ body }) => body, { auth: true });
  const request = new Request("http://test/orders", {
    method: "POST",
    body: "{}",
    headers: { "content-type": "application/json" },
  });
  const answer = await app.handle(request);
  const text = await answer.text();
  expect({ status: answer.status, code: JSON.parse(text).code }).toEqual({ status: 500, code: "internal.error" });
  expect(text).not.toContain("a bug");
});

test("assertGuarded names the routes that say nothing", () => {
  expect(() => assertGuarded(createApp(auth))).toThrow("neither guarded nor public: GET /forgotten");
  assertGuarded(createApp(auth), { except: ["/forgotten"] });
});

describe("in a service that parses bodies for all its routes", () => {
  const createService = (onBody: () => void) =>
    new Elysia()
      .onParse({ as: "global" }, async ({ request }) => {
        onBody();
        return await request.json();
      })
      .use(auth.plugin)
      .use(
        new Elysia({ prefix: "/carts" })
          .use(auth.plugin)
          .guard({ auth: true }, (app) =>
            app.post("/", ({ body, user }) => ({ body, by: user.id }), { permissions: ["carts:write"] }),
          ),
      )
      .post("/open", ({ body }) => body, { public: true });
  const post = (app: { handle(request: Request): Promise<Response> }, path: string, headers: Headers) =>
    app.handle(new Request(`http://test${path}`, { method: "POST", body: '{"sku":"a"}', headers }));

  test("guards come first, and the others are left as they were", async () => {
    let bodies = 0;
    const app = guardFirst(createService(() => (bodies += 1)));
    assertGuarded(app);
    expect((await post(app, "/carts/", {})).status).toBe(401);
    expect((await post(app, "/carts/", (await auth.logIn()).headers)).status).toBe(403);
    expect(bodies).toBe(0);
    const login = await auth.logIn({ permissions: ["carts:write"] });
    const answer = await post(app, "/carts/", login.headers);
    expect(await answer.json()).toEqual({ body: { sku: "a" }, by: login.userId });
    expect(await (await post(app, "/open", {})).json()).toEqual({ sku: "a" });
  });

  test("they come first by themselves where the app listens", async () => {
    let bodies = 0;
    const app = createService(() => (bodies += 1)).listen(0);
    try {
      const answer = await fetch(new URL("/carts/", app.server?.url), { method: "POST", body: '{"sku":"a"}' });
      expect({ status: answer.status, bodies }).toEqual({ status: 401, bodies: 0 });
      assertGuarded(app);
    } finally {
      await app.stop();
    }
  });

  test("forgotten in an app that does not listen, the check reports it, and callers are refused all the same", async () => {
    const app = createService(() => {});
    expect(() => assertGuarded(app)).toThrow("reads the body before its guard (see guardFirst): POST /carts/");
    expect((await post(app, "/carts/", {})).status).toBe(401);
    expect((await post(app, "/carts/", (await auth.logIn()).headers)).status).toBe(403);
  });
});

test.each([
  ["auth: false", { auth: false }],
  ["no roles", { roles: [] }],
  ["a scope that is not there", { auth: { store: undefined } }],
  ["public: false", { public: false }],
])("%s is no declaration", (_, options) => {
  const app = new Elysia().use(auth.plugin);
  expect(() => app.get("/", () => "", options as object)).toThrow();
});

test("a hooks object that two routes share guards both", async () => {
  const shared = { auth: true } as const;
  const app = new Elysia()
    .use(auth.plugin)
    .get("/a", () => "a", shared)
    .get("/b", () => "b", shared);
  assertGuarded(app);
  expect((await app.handle(new Request("http://test/b"))).status).toBe(401);
});

test("a route that asks without the plugin is named, by guardFirst as well", () => {
  const app = new Elysia().get("/", () => "", { auth: true } as object);
  expect(() => guardFirst(app)).toThrow("has a guard but no keycloakAuth(): GET /");
  expect(() => assertGuarded(app)).toThrow("neither guarded nor public: GET /");
});

test("guard() without a callback guards what comes after it, in its own instance alone", async () => {
  const inner = new Elysia()
    .use(auth.plugin)
    .get("/before", () => "before", { public: true })
    .guard({ auth: true })
    .get("/after", (context) => ("user" in context ? "known" : "unknown"))
    .post("/after", () => "posted");
  const app = guardFirst(
    new Elysia()
      .use(auth.plugin)
      .use(inner)
      .get("/outside", () => "outside", { public: true }),
  );
  assertGuarded(app);
  const status = async (path: string, init?: RequestInit) =>
    (await app.handle(new Request(`http://localhost${path}`, init))).status;
  expect(await status("/before")).toBe(200);
  expect(await status("/after")).toBe(401);
  expect(await status("/after", { method: "POST", body: "{" })).toBe(401);
  expect(await status("/outside")).toBe(200);
  const { headers } = await auth.logIn();
  const answer = await app.handle(new Request("http://localhost/after", { headers }));
  expect(await answer.text()).toBe("known");
});

test("HEAD is guarded like GET", async () => {
  const app = new Elysia().use(auth.plugin).get("/me", ({ user }) => user.id, { auth: true });
  expect((await app.handle(new Request("http://localhost/me", { method: "HEAD" }))).status).toBe(401);
});

test("a role is asked for by the name that a test's person has it under", async () => {
  const roles = [realmRole("reports:read"), clientRole("reports", "read"), clientRole("a:b", "c"), realmRole("a:b:c")];
  for (const role of roles) {
    const { headers } = await auth.logIn({ roles: [role] });
    const statuses = roles.map(async (asked) => {
      const app = new Elysia().use(auth.plugin).get("/", () => "ok", { roles: [asked] });
      return (await app.handle(new Request("http://test/", { headers }))).status;
    });
    expect(await Promise.all(statuses)).toEqual(roles.map((asked) => (asked === role ? 200 : 403)));
  }
});
