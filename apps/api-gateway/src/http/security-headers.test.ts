import { afterAll, beforeAll, expect, test } from "bun:test";
import { type StubGateway, stubGateway } from "../testing/stub-gateway.ts";

const shop = "https://shop.example";
let gateway: StubGateway;

beforeAll(() => {
  gateway = stubGateway({ corsOrigins: [shop] });
});
afterAll(() => gateway.stop());

const preflight = (origin: string) =>
  fetch(`${gateway.url}/auth/login`, {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
  });

test.each([
  ["GET", "/health/live", 200],
  ["GET", "/nowhere", 404],
  ["POST", "/auth/login", 400],
])("%s %s carries the security headers", async (method, path, status) => {
  const response = await fetch(gateway.url + path, { method });
  expect(response.status).toBe(status);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "cache-control": "no-store",
  });
  expect(response.headers.get("server")).toBeNull();
  expect(response.headers.get("x-powered-by")).toBeNull();
});

test("the API page may load its own scripts, and nothing of others", async () => {
  const response = await fetch(`${gateway.url}/openapi`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-security-policy")).toContain("default-src 'self'");
  const html = await response.text();
  expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
  for (const [, path] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    expect((await fetch(gateway.url + path)).status).toBe(200);
  }
  expect((await fetch(`${gateway.url}/openapi/assets/package.json`)).status).toBe(400);
});

test("a listed origin may call, with the headers it needs", async () => {
  const response = await preflight(shop);
  expect(response.status).toBe(204);
  expect(response.headers.get("access-control-allow-origin")).toBe(shop);
  expect(response.headers.get("access-control-allow-methods")).toContain("POST");
  expect(response.headers.get("access-control-allow-headers")).toContain("content-type");
  const call = await fetch(`${gateway.url}/health/live`, { headers: { origin: shop } });
  expect(call.headers.get("access-control-allow-origin")).toBe(shop);
  expect(call.headers.get("access-control-allow-credentials")).not.toBe("true");
  expect(call.headers.get("vary")?.toLowerCase()).toContain("origin");
});

test("a listed origin can read an error, too", async () => {
  const response = await fetch(`${gateway.url}/auth/login`, { method: "POST", headers: { origin: shop } });
  expect(response.status).toBe(400);
  expect(response.headers.get("access-control-allow-origin")).toBe(shop);
});

test.each([
  "https://evil.example",
  "https://shop.example.evil.example",
  "http://shop.example",
  "null",
  "https://xshop.example",
])("the origin %s may not", async (origin) => {
  for (const response of [
    await preflight(origin),
    await fetch(`${gateway.url}/health/live`, { headers: { origin } }),
  ]) {
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  }
});

test("without a list nobody may", async () => {
  const closed = stubGateway();
  const response = await fetch(`${closed.url}/health/live`, { headers: { origin: shop } });
  expect(response.headers.get("access-control-allow-origin")).toBeNull();
  await closed.stop();
});
