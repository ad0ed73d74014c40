// What TypeScript, Eden and OpenAPI know of guarded routes.
import { beforeAll, expect, expectTypeOf, test } from "bun:test";
import { treaty } from "@elysia/eden";
import { openapi } from "@elysia/openapi";
import { Elysia, t } from "elysia";
import type { GuardSession, GuardUser } from "../guard/guard-user.ts";
import type { GuardProblem } from "../request/guard-response.ts";
import { ownStore, pathParam } from "../request/take-scope.ts";
import { createTestAuth, type TestAuth } from "../testing/create-test-auth.ts";
import { bearerAuth } from "./describe-guard.ts";
import type { KeycloakAuth } from "./guard-plugin.ts";
import { type ProblemDocument, problemMediaType } from "./problem-media-type.ts";

type Permission = "orders:read" | "orders:write";

const createApp = (auth: KeycloakAuth<Permission>) =>
  new Elysia()
    .use(openapi({ documentation: { components: { securitySchemes: { bearerAuth } } } }))
    .use(auth)
    .get(
      "/me",
      ({ user, session }) => {
        expectTypeOf(user).toEqualTypeOf<GuardUser>();
        expectTypeOf(session).toEqualTypeOf<GuardSession>();
        return { id: user.id };
      },
      { auth: true },
    )
    .post("/stores/:store/orders", ({ body, params, user }) => ({ sku: body.sku, in: params.store, by: user.id }), {
      permissions: ["orders:write"],
      store: pathParam("store"),
      body: t.Object({ sku: t.String() }),
      response: t.Object({ sku: t.String(), in: t.String(), by: t.String() }),
    })
    .get("/orders", ({ user }) => user.storeId, { auth: { permissions: ["orders:read"], store: ownStore } })
    .get(
      "/open",
      (context) => {
        expectTypeOf(context).not.toHaveProperty("user");
        return "open";
      },
      { public: true },
    );

let auth: TestAuth<Permission>;
beforeAll(async () => {
  auth = await createTestAuth<Permission>();
});

test("Eden knows answers and refusals", async () => {
  const client = treaty(createApp(auth.plugin));
  const { headers, userId } = await auth.logIn({ permissions: ["orders:write"] });
  const me = await client.me.get({ headers });
  expectTypeOf(me.data).toEqualTypeOf<{ id: string } | null>();
  expect(me.data).toEqual({ id: userId });
  const order = await client.stores({ store: "s1" }).orders.post({ sku: "a" }, { headers });
  expect(order.data).toEqual({ sku: "a", in: "s1", by: userId });
  const refused = await client.me.get();
  if (refused.error?.status === 401) expectTypeOf(refused.error.value).toEqualTypeOf<GuardProblem>();
  expect(refused.error?.status as number).toBe(401);
});

test("names of permissions are those of the service", () => {
  const app = new Elysia().use(auth.plugin);
  // @ts-expect-error there is no such permission
  expect(app.get("/", () => "", { permissions: ["orders:burn"] })).toBe(app);
});

test("OpenAPI gets the scheme and what may be answered", async () => {
  const answer = await createApp(auth.plugin).handle(new Request("http://test/openapi/json"));
  const { paths, components } = (await answer.json()) as {
    paths: Record<string, Record<string, { security?: object[]; responses: Record<string, object> }>>;
    components: { securitySchemes: object };
  };
  expect(components.securitySchemes).toEqual({ bearerAuth });
  const security = [{ bearerAuth: [] }];
  expect(paths["/me"]?.get).toMatchObject({ security, responses: { 401: expect.anything() } });
  expect(Object.keys(paths["/me"]?.get?.responses ?? {})).not.toContain("403");
  const ordering = paths["/stores/{store}/orders"]?.post;
  expect(ordering?.security).toEqual(security);
  expect(Object.keys(ordering?.responses ?? {})).toEqual(["200", "401", "403"]);
  expect(paths["/open"]?.get?.security).toBeUndefined();
});

test("OpenAPI of a service with a plugin of its own: refusals have the content type that is sent", async () => {
  const app = new Elysia()
    .onAfterHandle(({ path, response }) =>
      path === "/openapi/json" ? problemMediaType(response as ProblemDocument) : undefined,
    )
    .use(createApp(auth.plugin));
  // Twice: the plugin answers with the same object again.
  for (let n = 0; n < 2; n++) {
    const answer = await app.handle(new Request("http://test/openapi/json"));
    const document = (await answer.json()) as ProblemDocument & { components: Record<string, Record<string, object>> };
    const { responses = {} } = document.paths["/stores/{store}/orders"]?.["post"] ?? {};
    expect(Object.keys(responses["200"]?.content ?? {})).toEqual(["application/json"]);
    for (const status of ["401", "403"]) {
      expect(responses[status]?.content).toEqual({
        "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
      });
    }
    const me = document.paths["/me"]?.["get"]?.responses ?? {};
    expect(Object.keys(me["401"]?.content ?? {})).toEqual(["application/problem+json"]);
    expect(document.components["schemas"]?.["Problem"]).toMatchObject({
      title: "Problem",
      required: expect.anything(),
    });
    expect(document.components["securitySchemes"]).toEqual({ bearerAuth });
    const sent = await app.handle(new Request("http://test/stores/s1/orders", { method: "POST", body: "{}" }));
    expect({ status: sent.status, type: sent.headers.get("content-type") }).toEqual({
      status: 401,
      type: "application/problem+json",
    });
  }
});
