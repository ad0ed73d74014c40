import { afterAll, describe, expect, test } from "bun:test";
import { requestContext } from "@libs/observability";
import type { AuthErrorCode } from "../errors/index.ts";
import { failure } from "../testing/contracts/keycloak-realm-under-test.ts";
import { OpenIdTokenClient } from "./openid-token-client.ts";

/** What the stub answers next, and what it was asked. */
let answer: () => Response | Promise<Response> = () => new Response(null, { status: 500 });
let asked: { path: string; headers: Headers; form: URLSearchParams } | undefined;
const server = Bun.serve({
  port: 0,
  async fetch(request) {
    const form = new URLSearchParams(await request.text());
    asked = { path: new URL(request.url).pathname, headers: request.headers, form };
    return answer();
  },
});
afterAll(() => server.stop(true));

const SECRET = "client-secret-1";
const options = { url: server.url.href, realm: "r", clientId: "gw", clientSecret: SECRET, timeoutMs: 300 };
const observed: string[] = [];
const client = new OpenIdTokenClient(options, (operation, outcome) => observed.push(`${operation} ${outcome}`));
const grant = { username: "ada", password: "pass-word-1" };

const json = (status: number, body: unknown) => () => Response.json(body, { status });
const html = (status: number) => () =>
  new Response("<html>Bad gateway</html>", { status, headers: { "content-type": "text/html" } });
const never = () => new Promise<Response>(() => {});
const tokens = {
  access_token: "a.b.c",
  expires_in: 300,
  refresh_token: "d.e.f",
  refresh_expires_in: 0,
  token_type: "Bearer",
  session_state: "sid-1",
};
const invalidGrant = (description: string) => json(400, { error: "invalid_grant", error_description: description });

describe("requests", () => {
  test("a login sends the form, one address, the user agent, and no origin", async () => {
    answer = json(200, { ...tokens, more: "is dropped" });
    const set = await client.passwordGrant({
      ...grant,
      otp: "123456",
      ipAddress: "2001:db8::1",
      userAgent: "Browser/1",
    });
    expect(set).toEqual(tokens);
    expect(asked?.path).toBe("/realms/r/protocol/openid-connect/token");
    expect(Object.fromEntries(asked?.form ?? [])).toEqual({
      ...{ client_id: "gw", client_secret: SECRET, grant_type: "password", scope: "openid" },
      ...{ username: "ada", password: "pass-word-1", otp: "123456" },
    });
    expect(asked?.headers.get("x-forwarded-for")).toBe("2001:db8::1");
    expect(asked?.headers.get("user-agent")).toBe("Browser/1");
    expect(asked?.headers.get("origin")).toBeNull();
    expect(observed.at(-1)).toBe("password_grant success");
  });

  test("what is no address or breaks a header is left out", async () => {
    answer = json(200, tokens);
    await client.passwordGrant({ ...grant, ipAddress: "1.2.3.4, 5.6.7.8", userAgent: "a\r\nX-Evil: 1" });
    expect(asked?.headers.get("x-forwarded-for")).toBeNull();
    expect(asked?.headers.get("x-evil")).toBeNull();
    expect(asked?.form.has("otp")).toBe(false);
  });
});

type Row = [name: string, answer: () => Response | Promise<Response>, login: AuthErrorCode, refresh: AuthErrorCode];
const rows: Row[] = [
  ["wrong credentials", invalidGrant("Invalid user credentials"), "auth.invalid_credentials", "session.refused"],
  ["disabled", invalidGrant("Account disabled"), "auth.invalid_credentials", "session.refused"],
  ["unfinished", invalidGrant("Account is not fully set up"), "auth.action_required", "session.refused"],
  ["expired", invalidGrant("Token is not active"), "auth.invalid_credentials", "session.refused"],
  [
    "reuse",
    invalidGrant("Maximum allowed refresh token reuse exceeded"),
    "auth.invalid_credentials",
    "session.refused",
  ],
  [
    "other issuer",
    invalidGrant("Invalid token issuer. Expected x"),
    "auth.invalid_credentials",
    "keycloak.misconfigured",
  ],
  ["wrong secret", json(401, { error: "unauthorized_client" }), "keycloak.misconfigured", "keycloak.misconfigured"],
  ["no grant", json(400, { error: "unauthorized_client" }), "keycloak.misconfigured", "keycloak.misconfigured"],
  ["bad scope", json(400, { error: "invalid_scope" }), "keycloak.misconfigured", "keycloak.misconfigured"],
  ["HTTPS required", json(403, { error: "invalid_request" }), "keycloak.misconfigured", "keycloak.misconfigured"],
  ["invalid origin", () => new Response("no", { status: 403 }), "keycloak.misconfigured", "keycloak.misconfigured"],
  ["no realm", json(404, { error: "Realm does not exist" }), "keycloak.misconfigured", "keycloak.misconfigured"],
  ["too busy", () => new Response(null, { status: 429 }), "keycloak.unavailable", "keycloak.unavailable"],
  ["broken", json(500, { error: "unknown_error" }), "keycloak.unavailable", "keycloak.unavailable"],
  ["overloaded", html(503), "keycloak.unavailable", "keycloak.unavailable"],
  ["HTML for 200", html(200), "keycloak.unavailable", "keycloak.unavailable"],
  ["HTML for 400", html(400), "keycloak.unavailable", "keycloak.unavailable"],
  ["nothing for 200", () => new Response(null, { status: 204 }), "keycloak.unavailable", "keycloak.unavailable"],
  ["no tokens", json(200, { access_token: 1 }), "keycloak.unavailable", "keycloak.unavailable"],
  ["null", json(200, null), "keycloak.unavailable", "keycloak.unavailable"],
  ["redirect", () => Response.redirect("/elsewhere", 302), "keycloak.unavailable", "keycloak.unavailable"],
  ["silence", never, "keycloak.timeout", "keycloak.timeout"],
  ["silence after headers", () => new Response(new ReadableStream()), "keycloak.timeout", "keycloak.timeout"],
];

describe("refusals and nonsense", () => {
  test.each(rows)("%s", async (_, reply, login, refresh) => {
    answer = reply;
    const errors = [
      await failure(client.passwordGrant(grant), login),
      await failure(client.refresh("refresh-token-1"), refresh),
    ];
    expect(observed.slice(-2)).toEqual([`password_grant ${login}`, `refresh ${refresh}`]);
    const shown = JSON.stringify(errors.map((error) => [error, error.internal, String(error.cause)]));
    for (const secret of [SECRET, grant.password, "refresh-token-1"]) expect(shown).not.toContain(secret);
  });

  test("a pending action comes with the address of the account page", async () => {
    answer = invalidGrant("Account is not fully set up");
    const away = new OpenIdTokenClient({ ...options, issuer: "https://id.example.org/realms/r" });
    const error = await failure(away.passwordGrant(grant), "auth.action_required");
    expect(error.actionUrl).toBe("https://id.example.org/realms/r/account");
  });

  test("nobody there", async () => {
    const free = Bun.serve({ port: 0, fetch: () => new Response() });
    await free.stop(true);
    const alone = new OpenIdTokenClient({ ...options, url: free.url.href });
    await failure(alone.refresh("refresh-token-1"), "keycloak.unavailable");
  });

  test("the request's deadline cuts a call short", async () => {
    answer = never;
    const patient = new OpenIdTokenClient({ ...options, timeoutMs: 60_000 });
    const context = { requestId: "1", deadlineAt: Date.now() + 50 };
    await requestContext.run(context, () => failure(patient.refresh("refresh-token-1"), "keycloak.timeout"));
  });
});

describe("logout", () => {
  test("done, and done already", async () => {
    answer = () => new Response(null, { status: 204 });
    await client.logout("refresh-token-1");
    expect(asked?.path).toBe("/realms/r/protocol/openid-connect/logout");
    answer = invalidGrant("Invalid refresh token");
    await client.logout("refresh-token-1");
  });

  test("not done", async () => {
    answer = html(502);
    await failure(client.logout("refresh-token-1"), "keycloak.unavailable");
    answer = json(401, { error: "unauthorized_client" });
    await failure(client.logout("refresh-token-1"), "keycloak.misconfigured");
  });
});
