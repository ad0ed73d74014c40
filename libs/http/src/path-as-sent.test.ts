import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createLogger, Registry } from "@libs/observability";
import { Elysia } from "elysia";
import { type RouteTable, serveOptions, serviceBase } from "./service-base.ts";
import { badHosts, notThere, requestHead, sendRaw, there } from "./testing/index.ts";

// Over a socket: every client in between would mend what is sent.

const logger = createLogger({ destination: { write: () => {} } });
const routes: RouteTable = { current: [] };
const app = new Elysia({ normalize: false, serve: serveOptions(logger) })
  .use(serviceBase({ logger, registry: new Registry(), routes, corsOrigins: [], isStopping: () => false }))
  .get("/health/ready", ({ query }) => ({ query }))
  .get("/things/:id", ({ params }) => params)
  .post("/things", () => "made");
routes.current = app.routes;

let url: string;
beforeAll(() => {
  app.listen({ hostname: "127.0.0.1", port: 0 });
  url = `http://127.0.0.1:${app.server?.port}`;
});
afterAll(() => app.stop(true));

const get = (target: string, host: string | undefined) => sendRaw(url, requestHead("GET", { target, host }));

describe("another path than the route's is not there", () => {
  test.each(notThere("/health/ready"))("$name", async (odd) => {
    const answer = await sendRaw(url, requestHead("GET", odd));
    expect(answer.status).toBe(404);
    expect(answer.body).toContain("request.not_found");
    expect((await sendRaw(url, requestHead("HEAD", odd))).status).toBe(404);
  });
});

describe("the route's own path is answered", () => {
  test.each(there("/health/ready"))("$name", async (odd) => {
    expect((await sendRaw(url, requestHead("GET", odd))).status).toBe(200);
    expect((await sendRaw(url, requestHead("HEAD", odd))).status).toBe(200);
  });
});

describe("a host that is none", () => {
  test.each(badHosts)("%p", async (host) => {
    for (const target of ["/health/ready", "/aaaaaaaaaa/health/ready", "/nowhere"]) {
      const answer = await get(target, host);
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.body).code).toBe("request.target_invalid");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("x-request-id")).toBe(JSON.parse(answer.body).requestId);
    }
  });
});

test.each(["a", "gw", "abc", "gateway.example"])("a method that the path does not take is 405 at %p", async (host) => {
  for (const method of ["HEAD", "DELETE"]) {
    const answer = await sendRaw(url, requestHead(method, { target: "/things", host }));
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
  }
});

test.each(["a", "", undefined, "gateway.example"])("parameters and query are the address's own at %p", async (host) => {
  expect(JSON.parse((await get("/things/a%2Fb?x=/y?z", host)).body)).toEqual({ id: "a/b" });
  expect(JSON.parse((await get("/health/ready?x=/y?z", host)).body)).toEqual({ query: { x: "/y?z" } });
});

test("a target without a path is no request of ours", async () => {
  expect((await get("other.example:443", "gw")).status).toBe(400);
  const connect = await sendRaw(url, requestHead("CONNECT", { target: "other.example:443", host: "gw" }));
  expect(connect.status).toBe(400);
});

test("preflights of browsers are answered everywhere", async () => {
  expect((await sendRaw(url, requestHead("OPTIONS", { target: "/things", host: "gw" }))).status).toBe(204);
});

test("what is handed to the app within the process is routed by its address", async () => {
  const handled = await app.handle(new Request("http://a/health/ready"));
  expect(handled.status).toBe(200);
  expect((await app.handle(new Request("http://a/x/health/ready"))).status).toBe(404);
  expect((await app.handle(new Request("https://ab/x/health/ready"))).status).toBe(404);
  expect((await app.handle(new Request("https://ab/health/ready"))).status).toBe(200);
});
