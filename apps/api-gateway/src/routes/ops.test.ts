import { afterEach, expect, test } from "bun:test";
import { expectProblem } from "@libs/http/testing";
import { type StubGateway, stubGateway } from "../testing/stub-gateway.ts";

const token = "metrics-token-of-16+";
let gateway: StubGateway;

afterEach(() => gateway.stop());

const metrics = (authorization?: string) =>
  fetch(`${gateway.url}/metrics`, authorization === undefined ? {} : { headers: { authorization } });

test("without a token of its own, /metrics is not there", async () => {
  gateway = stubGateway();
  await expectProblem(await metrics("Bearer undefined"), "request.not_found");
});

test.each([
  undefined,
  "",
  "Bearer",
  "Bearer ",
  `Bearer ${token}x`,
  `Bearer ${token.slice(1)}`,
  `Basic ${token}`,
  token,
])("/metrics refuses %p", async (authorization) => {
  gateway = stubGateway({ metricsToken: token });
  await expectProblem(await metrics(authorization), "token.invalid", token);
});

test("/metrics answers to its token", async () => {
  gateway = stubGateway({ metricsToken: token });
  await fetch(`${gateway.url}/health/live`);
  const response = await metrics(`Bearer ${token}`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toStartWith("text/plain");
  expect(await response.text()).toContain('http_requests_total{method="GET",route="/health/live",status="200"} 1');
});

test("alive whatever is away", async () => {
  gateway = stubGateway({ readiness: async () => ({ ready: false, checks: { database: "away" } }) });
  const response = await fetch(`${gateway.url}/health/live`);
  expect({ status: response.status, body: await response.json() }).toEqual({ status: 200, body: { status: "alive" } });
});

test("ready names what is up", async () => {
  gateway = stubGateway();
  const response = await fetch(`${gateway.url}/health/ready`);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: "ready", checks: { keycloak: "up", database: "up" } });
});

test("not ready names what is away, and when to ask again", async () => {
  gateway = stubGateway({ readiness: async () => ({ ready: false, checks: { keycloak: "away", database: "up" } }) });
  const response = await fetch(`${gateway.url}/health/ready`);
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("5");
  expect(await response.json()).toEqual({ status: "not_ready", checks: { keycloak: "away", database: "up" } });
});

test("a stopping gateway asks its clients to connect elsewhere", async () => {
  gateway = stubGateway({ isStopping: () => true });
  expect((await fetch(`${gateway.url}/health/live`)).headers.get("connection")).toBe("close");
});
