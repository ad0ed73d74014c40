import { expect, test } from "bun:test";
import { catalogue } from "@libs/problems";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Elysia } from "elysia";
import { z } from "zod";
import { idempotencyKeyParameter } from "../idempotency-key.ts";
import { openApi } from "../openapi-page.ts";
import { problemsOf } from "../problems/problem.ts";

const about = { title: "Shelf", version: "1.0.0", description: "Things on a shelf.", tags: [] };

/** None of these routes is called. */
const unused = (): never => {
  throw new Error("called");
};

const app = new Elysia()
  .use(openApi({ ...about, formPaths: ["/forms"] }))
  .put("/things/:id", unused, {
    params: z.strictObject({ id: z.uuid() }),
    body: z.strictObject({ size: z.int().default(1), more: z.json() }),
    response: { 200: z.strictObject({ size: z.int() }), ...problemsOf("input.invalid", "idempotency.key_reused") },
    detail: { parameters: [idempotencyKeyParameter] },
  })
  .post("/forms", unused, { body: z.object({ name: z.string() }), response: { 200: z.strictObject({}) } })
  .post("/keyed", unused, {
    response: { 200: z.strictObject({}), ...problemsOf("idempotency.in_flight", "rate.limited") },
    detail: { parameters: [idempotencyKeyParameter] },
  })
  .get("/things", unused, {
    query: z.strictObject({ limit: z.coerce.number().default(20), of: z.string() }),
    response: { 200: z.array(z.string()), 404: z.strictObject({ gone: z.boolean() }) },
    detail: { security: [{ bearerAuth: [] }] },
  })
  .get("/hidden", unused, { detail: { hide: true } });

// biome-ignore lint/suspicious/noExplicitAny: a document is read by its paths here, and validated as a whole
const documentOf = async (): Promise<any> => (await app.handle(new Request("http://shelf.test/openapi/json"))).json();

test("is valid, and lists what is not hidden", async () => {
  const document = await documentOf();
  const { valid, errors } = await new Validator().validate(document);
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  expect(document.info).toMatchObject({ title: "Shelf", version: "1.0.0", description: "Things on a shelf." });
  expect(Object.keys(document.paths).sort()).toEqual(["/forms", "/keyed", "/things", "/things/{id}"]);
});

test("a body is JSON, or a form where one is taken: as it is sent, not as it arrives in the handler", async () => {
  const { paths } = await documentOf();
  const json = paths["/things/{id}"].put.requestBody;
  expect(Object.keys(json.content)).toEqual(["application/json"]);
  // What has a default may be left out.
  expect(json.content["application/json"].schema).toMatchObject({ required: ["more"], additionalProperties: false });
  expect(Object.keys(paths["/forms"].post.requestBody.content)).toEqual(["application/x-www-form-urlencoded"]);
  expect(paths["/keyed"].post).not.toHaveProperty("requestBody");
});

test("parameters of the path, of the query and the route's own stand side by side", async () => {
  const { paths } = await documentOf();
  const named = ({ parameters }: { parameters: { name: string; required: boolean }[] }) =>
    Object.fromEntries(parameters.map(({ name, required }) => [name, required]));
  expect(named(paths["/things/{id}"].put)).toEqual({ id: true, "Idempotency-Key": false });
  expect(named(paths["/things"].get)).toEqual({ limit: false, of: true });
});

test("answers of the layers in front of a route are added, its own stay", async () => {
  const { paths } = await documentOf();
  const statuses = (operation: { responses: object }) => Object.keys(operation.responses);
  expect(statuses(paths["/things/{id}"].put)).toEqual(["200", "400", "404", "413", "415", "422", "431", "500"]);
  expect(statuses(paths["/forms"].post)).toEqual(["200", "400", "413", "415", "431", "500"]);
  expect(statuses(paths["/things"].get)).toEqual(["200", "400", "401", "404", "431", "500", "503", "504"]);
  // Not every 404 is a problem document: only what is declared as one.
  expect(Object.keys(paths["/things"].get.responses[404].content)).toEqual(["application/json"]);
});

test("problems have one schema and their content type, and the headers that come with their status", async () => {
  const { paths, components } = await documentOf();
  const { responses } = paths["/keyed"].post;
  const problem = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  for (const status of [400, 409, 413, 415, 429, 500]) expect(responses[status].content).toEqual(problem);
  expect(responses[431]).not.toHaveProperty("content");
  expect(components.schemas.Problem).toMatchObject({
    required: ["type", "title", "status", "code", "detail", "requestId"],
    properties: { errors: { type: "array" }, actionUrl: { type: "string" } },
  });
  const headers = (status: number, of = responses) => Object.keys(of[status].headers ?? {});
  expect(headers(200)).toEqual(["X-Request-Id"]);
  expect(headers(409)).toEqual(["X-Request-Id", "Retry-After"]);
  expect(headers(429)).toEqual(["X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy"]);
  expect(headers(401, paths["/things"].get.responses)).toEqual(["X-Request-Id", "WWW-Authenticate"]);
  expect(headers(503, paths["/things"].get.responses)).toEqual(["X-Request-Id", "Retry-After"]);
  expect(headers(431)).toEqual([]);
});

test("a Retry-After is documented for exactly the statuses whose every error has one", () => {
  const byStatus = Map.groupBy(Object.values(catalogue), ({ status }) => status);
  const always = [...byStatus].filter(([, entries]) => entries.every((entry) => "retryAfterSeconds" in entry));
  expect(always.map(([status]) => status).sort()).toEqual([429, 503, 504]);
  const some = [...byStatus].filter(([, entries]) => entries.some((entry) => "retryAfterSeconds" in entry));
  expect(some.map(([status]) => status).sort()).toEqual([409, 429, 503, 504]);
});
