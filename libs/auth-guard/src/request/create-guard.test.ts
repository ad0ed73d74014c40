// The framework-free guard gives the answers of the Elysia plugin, to the letter.
import { beforeAll, expect, test } from "bun:test";
import { AuthError } from "@libs/problems";
import { Elysia } from "elysia";
import { keycloakAuth } from "../elysia/keycloak-auth.ts";
import { Guard } from "../guard/guard.ts";
import { createTestAuth, type TestAuth } from "../testing/create-test-auth.ts";
import { createGuard } from "./create-guard.ts";
import type { RouteGuard } from "./route-guard.ts";
import { pathParam, queryParam } from "./take-scope.ts";

let auth: TestAuth;
beforeAll(async () => {
  auth = await createTestAuth();
});

const rules: Record<string, true | RouteGuard> = {
  person: true,
  role: { roles: ["admin", "gw:operator"] },
  permission: { permissions: ["orders:write"] },
  store: { permissions: ["orders:read"], store: pathParam("store") },
  query: { permissions: ["orders:read"], store: queryParam("store") },
  recent: { maxAuthAgeSeconds: 60 },
  machine: { serviceAccounts: true },
};

const describe = async (answer: Response) => {
  const { requestId, ...problem } = (await answer.json()) as Record<string, unknown>;
  if (requestId !== undefined) expect(requestId).toMatch(/^[\w-]{36}$/);
  const headers = ["content-type", "www-authenticate", "retry-after"].map((name) => answer.headers.get(name));
  return { status: answer.status, problem, headers };
};

async function both(given: true | RouteGuard, headers: Record<string, string>, guard = auth.guard) {
  const request = () => new Request("http://service.test/stores/s1?store=s2", { headers });
  const app = new Elysia()
    .use(keycloakAuth(guard))
    .get("/stores/:store", ({ user, session }) => ({ user: user.id, session: session.id }), { auth: given });
  const caller = await createGuard(guard).require(given)(request(), { store: "s1" });
  const answer =
    caller instanceof Response ? caller : Response.json({ user: caller.user.id, session: caller.session.id });
  const [free, elysia] = [await describe(answer), await describe(await app.handle(request()))];
  if (free.status === 200) free.headers = elysia.headers;
  return [free, elysia] as const;
}

test("every kind of caller gets the same answer from both, on every kind of route", async () => {
  const ended = await auth.logIn();
  auth.endSession(ended);
  const callers = {
    none: {},
    other: { authorization: "Basic YTpi" },
    bad: { authorization: "Bearer not.a.token" },
    expired: { authorization: `Bearer ${await auth.sign({ sub: "u", sid: "s", exp: 1 })}` },
    ended: ended.headers,
    person: (await auth.logIn()).headers,
    stale: (await auth.logIn({ startedAt: new Date(Date.now() - 61_000) })).headers,
    admin: (await auth.logIn({ roles: ["admin"] })).headers,
    everywhere: (await auth.logIn({ permissions: ["orders:read", "orders:write"] })).headers,
    inS1: (await auth.logIn({ permissions: [{ permission: "orders:read", storeId: "s1" }] })).headers,
    inS2: (await auth.logIn({ permissions: [{ permission: "orders:read", storeId: "s2" }] })).headers,
    machine: (await auth.serviceAccount(["admin"])).headers,
  };
  const statuses = new Set<string>();
  for (const [route, given] of Object.entries(rules))
    for (const [name, headers] of Object.entries(callers)) {
      const [free, elysia] = await both(given, headers as Record<string, string>);
      expect({ route, name, ...free }).toEqual({ route, name, ...elysia });
      statuses.add(`${free.status} ${free.problem.code ?? ""}`);
    }
  expect([...statuses].sort()).toEqual(
    ["200 ", "401 session.ended", "401 session.too_old", "401 token.invalid", "401 token.missing"].concat([
      "403 permission.missing",
      "403 role.missing",
    ]),
  );
});

test("an outage is 503, a fault of the check 500, and a caller learns nothing of either", async () => {
  const { headers } = await auth.logIn();
  const failing = (error: Error) =>
    new Guard({
      verifier: { verify: () => Promise.reject(error) },
      repository: {
        findSession: async () => null,
        findUser: async () => null,
        findOrganizationOfStore: async () => null,
      },
      channel: { isUp: () => true, listen: () => {}, close: async () => {} },
    });
  for (const [error, status] of [
    [new AuthError("keycloak.unavailable", { internal: "secret" }), 503],
    [new Error("secret"), 500],
  ] as const) {
    const [free, elysia] = await both(true, headers, failing(error));
    expect(free).toEqual(elysia);
    expect(free.status).toBe(status);
    expect(JSON.stringify(free)).not.toContain("secret");
  }
});

test("a Host that is none is refused before the token is read", async () => {
  const { headers } = await auth.logIn();
  const answer = await createGuard(auth.guard).require(true)(
    new Request("http://service.test/", { headers: { ...headers, host: "a/b" } }),
  );
  expect(answer).toBeInstanceOf(Response);
  expect(await describe(answer as Response)).toMatchObject({
    status: 400,
    problem: { code: "request.target_invalid" },
  });
});

test("rules that would let everybody in, or nobody, are refused when the service starts", () => {
  const guard = createGuard(auth.guard);
  const wrong: unknown[] = [false, undefined, { roles: [] }, { permissions: [] }];
  for (const given of [...wrong, { permissions: undefined }, { maxAuthAgeSeconds: 0 }])
    expect(() => guard.require(given as RouteGuard)).toThrow("auth:");
});

test("a guard that was given stays open", async () => {
  const given = await createTestAuth();
  await createGuard(given.guard).close();
  expect((await both(true, (await given.logIn()).headers, given.guard))[0].status).toBe(200);
});
