import { afterAll, expect, test } from "bun:test";
import { isAuthError } from "@libs/problems";
import { readIssuer } from "./read-issuer.ts";

let answer: () => Response = () => Response.json({});
const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => answer() });
afterAll(() => server.stop(true));

const discover = (realm: string) => readIssuer({ url: server.url.href, realm, timeoutMs: 1_000 });
const documentOf =
  (issuer: string, keysOf = issuer) =>
  () =>
    Response.json({ issuer, jwks_uri: `${keysOf}/protocol/openid-connect/certs` });
const failureOf = (realm: string) => discover(realm).then(String, (error) => (isAuthError(error) ? error.code : "?"));

test("takes the document's word for it, on whatever host and path that is", async () => {
  for (const issuer of ["https://id.example.com/realms/my%20shop", "http://k:8080/auth/realms/my%20shop"]) {
    answer = documentOf(issuer);
    expect(await discover("my shop")).toBe(issuer);
  }
  answer = documentOf("https://id.example.com/realms/shop", "http://keycloak:8080/realms/shop");
  expect(await discover("shop")).toBe("https://id.example.com/realms/shop");
});

test.each([
  ["another realm's", "https://id.example.com/realms/other", undefined],
  ["one whose name ends alike", "https://id.example.com/realms/my-shop", undefined],
  ["another spelling", "https://id.example.com/realms/Shop", undefined],
  ["one below", "https://id.example.com/realms/shop/extra", undefined],
  ["one with another realm's keys", "https://id.example.com/realms/shop", "https://id.example.com/realms/other"],
])("never believes a document that is %s", async (_, issuer, keysOf) => {
  answer = documentOf(issuer, keysOf);
  expect(await failureOf("shop")).toBe("keycloak.misconfigured");
});

test.each([
  ["no JSON", () => new Response("<html>"), "keycloak.unavailable"],
  ["no document", () => Response.json({ realm: "shop" }), "keycloak.unavailable"],
  ["no URL", () => Response.json({ issuer: "shop", jwks_uri: "certs" }), "keycloak.unavailable"],
  ["no realm", () => Response.json({ error: "Realm does not exist" }, { status: 404 }), "keycloak.misconfigured"],
  ["an outage", () => new Response("", { status: 503 }), "keycloak.unavailable"],
  ["a redirect", () => Response.redirect("https://evil.example/"), "keycloak.unavailable"],
])("%s is not a document", async (_, response, code) => {
  answer = response;
  expect(await failureOf("shop")).toBe(code);
});
