import { afterAll, beforeAll, expect, test } from "bun:test";
import { expectProblem } from "@libs/http/testing";
import { Registry } from "@libs/observability";
import { type StubGateway, stubGateway } from "../testing/stub-gateway.ts";

const secret = "s3cret-Value-9Zq";
const registry = new Registry();
let gateway: StubGateway;

beforeAll(() => {
  gateway = stubGateway({ registry });
});
afterAll(() => gateway.stop());

test("a caller's own request id is ignored", async () => {
  const headers = { "content-type": "application/json", "x-request-id": secret };
  await expectProblem(await gateway.post("/auth/login", "{", headers), "input.malformed", secret);
  expect(gateway.log()).not.toContain(secret);
});

test("every answer has an id of its own, on its log line too", async () => {
  const ids = await Promise.all(
    ["/health/live", "/health/ready", "/openapi/json", "/nowhere"].map(
      async (path) => (await fetch(gateway.url + path)).headers.get("x-request-id") ?? "",
    ),
  );
  expect(new Set(ids).size).toBe(4);
  expect(gateway.log()).toContain(ids[3] as string);
});

test("log lines and metrics name the route's pattern, never the address, a header or the body", async () => {
  const url = `${gateway.url}/auth/${secret}?q=${secret}`;
  await fetch(url, { headers: { authorization: secret, cookie: secret, "user-agent": secret } });
  await fetch(gateway.url, { method: "PROPFIND" });
  await gateway.post("/auth/login", JSON.stringify({ username: "ada", password: secret }));
  const metrics = await registry.metrics();
  expect(gateway.log() + metrics).not.toContain(secret);
  expect(metrics).toContain('http_requests_total{method="POST",route="/auth/login",status="200"} 1');
  expect(metrics).toContain('http_requests_total{method="GET",route="unmatched",status="404"}');
  expect(metrics).toContain('http_requests_total{method="other",route="unmatched",status="404"} 1');
});

test("the log line of a request has method, route, status and time", async () => {
  await gateway.post("/auth/refresh", JSON.stringify({ sessionId: "session-1", refreshToken: secret }));
  const line = gateway.log().trim().split("\n").at(-1) ?? "";
  expect(JSON.parse(line)).toMatchObject({
    level: "info",
    method: "POST",
    route: "/auth/refresh",
    status: 200,
    durationMs: expect.any(Number),
    requestId: expect.any(String),
  });
});
