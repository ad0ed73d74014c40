import { afterAll, describe, expect, test } from "bun:test";
import { requestContext } from "@libs/observability";
import type { AuthErrorCode } from "@libs/problems";
import { failure } from "@libs/problems/testing";
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
const client = new OpenIdTokenClient(options, {
  observe: (operation, outcome) => observed.push(`${operation} ${outcome}`),
});
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
      client_id: "gw",
      client_secret: SECRET,
      grant_type: "password",
      scope: "openid",
      username: "ada",
      password: "pass-word-1",
      otp: "123456",
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

/** An error page as Keycloak's own theme draws it. */
const page =
  (status: number, headers: Record<string, string> = {}) =>
  () =>
    new Response(
      '<html><link href="/resources/utflp/login/mine/css/a.css"><body data-page-id="login-error">No</body>',
      {
        status,
        headers: { "content-type": "text/html;charset=utf-8", ...headers },
      },
    );
const refused = (status: number, error: string, error_description?: string) =>
  json(status, { error, error_description });

type Row = [name: string, answer: () => Response | Promise<Response>, login: AuthErrorCode, refresh: AuthErrorCode];
const aboutThePerson: Row[] = [
  ["wrong credentials", invalidGrant("Invalid user credentials"), "auth.invalid_credentials", "session.refused"],
  [
    "wrong credentials, as up to 26.5",
    refused(401, "invalid_grant", "Invalid user credentials"),
    "auth.invalid_credentials",
    "session.refused",
  ],
  ["disabled", invalidGrant("Account disabled"), "auth.invalid_credentials", "session.refused"],
  ["unfinished", invalidGrant("Account is not fully set up"), "auth.action_required", "session.refused"],
  ["a step of its own", invalidGrant("We know you not"), "auth.invalid_credentials", "session.refused"],
  ["expired", invalidGrant("Token is not active"), "auth.invalid_credentials", "session.refused"],
  [
    "reuse",
    invalidGrant("Maximum allowed refresh token reuse exceeded"),
    "auth.invalid_credentials",
    "session.refused",
  ],
  ["denied by the flow", page(401), "auth.denied", "keycloak.misconfigured"],
  ["too many sessions", page(403), "auth.session_limit", "keycloak.misconfigured"],
  ["denied by another step", page(400), "auth.denied", "keycloak.misconfigured"],
  ["denied in JSON", refused(403, "access_denied", "Not on Sundays"), "auth.denied", "keycloak.misconfigured"],
  [
    "no offline access",
    refused(400, "not_allowed", "Offline tokens not allowed for the user or client"),
    "auth.denied",
    "keycloak.misconfigured",
  ],
  ["a step in a browser", refused(400, "interaction_required"), "auth.action_required", "keycloak.misconfigured"],
  [
    "two users with one email",
    refused(409, "conflict", "Multiple users with email 'ada@x.test' exist in Keycloak."),
    "auth.invalid_credentials",
    "keycloak.misconfigured",
  ],
  [
    "two users with one email, as before",
    refused(401, "invalid_request", "Invalid user credentials"),
    "auth.invalid_credentials",
    "keycloak.misconfigured",
  ],
  [
    "consent taken back",
    refused(400, "invalid_scope", "Client no longer has requested consent from user"),
    "keycloak.misconfigured",
    "session.refused",
  ],
];
const aboutUs: [...Row, reason: RegExp][] = (
  [
    ["other issuer", invalidGrant("Invalid token issuer. Expected x"), /issuer has changed/],
    [
      "other client",
      invalidGrant("Invalid refresh token. Token client and authorized client don't match"),
      /KEYCLOAK_CLIENT_ID/,
    ],
    [
      "forbidden by a policy",
      invalidGrant("resource owner password credentials grant is prohibited."),
      /client policy of the realm/,
    ],
    [
      "wrong secret",
      refused(401, "unauthorized_client", "Invalid client or Invalid client credentials"),
      /HTTP 401 unauthorized_client .*KEYCLOAK_CLIENT_SECRET/,
    ],
    [
      "unknown client",
      refused(401, "invalid_client", "Invalid client or Invalid client credentials"),
      /HTTP 401 invalid_client .*KEYCLOAK_CLIENT_ID/,
    ],
    ["no grant", refused(400, "unauthorized_client", "Client not allowed for direct access grants"), /direct access/],
    ["consent", refused(400, "invalid_client", "Client requires user consent"), /consent/],
    ["signed client", refused(400, "invalid_client", "Parameter client_assertion_type is missing"), /sign a token/],
    ["DPoP", refused(400, "invalid_request", "DPoP proof is missing"), /DPoP/],
    ["bad scope", refused(400, "invalid_scope", "Invalid scopes: openid"), /no such scope/],
    ["HTTPS required", refused(403, "invalid_request", "HTTPS required"), /sslRequired/],
    ["realm disabled", refused(403, "access_denied", "Realm not enabled"), /the realm is disabled/],
    ["invalid origin", refused(403, "Invalid origin"), /Origin header/],
    ["no realm", json(404, { error: "Realm does not exist" }), /KEYCLOAK_REALM/],
    ["wrong path", json(404, { error: "Unable to find matching target resource method" }), /wrong path/],
    ["something new", refused(400, "brand_new_error", "pass-word-1"), /HTTP 400 brand_new_error$/],
    [
      "a certificate is asked for",
      refused(401, "invalid_request", "X509 client certificate is missing."),
      /client certificate/,
    ],
    ["another scheme is asked for", page(401, { "www-authenticate": "Negotiate" }), /HTTP 401/],
    ["a login page", page(200), /only a browser can do/],
    ["HTML for 404", html(404), /KEYCLOAK_URL and proxies/],
    ["HTML for 403", html(403), /KEYCLOAK_URL and proxies/],
    ["HTML for 401", html(401), /KEYCLOAK_URL and proxies/],
    ["HTML for 400", html(400), /KEYCLOAK_URL and proxies/],
  ] as [string, () => Response, RegExp][]
).map(([name, reply, reason]) => [name, reply, "keycloak.misconfigured", "keycloak.misconfigured", reason]);
const outages: [name: string, answer: () => Response | Promise<Response>, code: AuthErrorCode][] = [
  ["too busy", () => new Response(null, { status: 429 }), "keycloak.unavailable"],
  ["too busy, in JSON", json(429, { error: "too_many_requests" }), "keycloak.unavailable"],
  ["overloaded", html(503), "keycloak.unavailable"],
  ["bad gateway", html(502), "keycloak.unavailable"],
  ["bad gateway, in JSON", json(502, { error: "Bad Gateway" }), "keycloak.unavailable"],
  ["gateway's time-out", html(504), "keycloak.unavailable"],
  ["HTML for 500", html(500), "keycloak.unavailable"],
  ["silence", never, "keycloak.timeout"],
  ["silence after headers", () => new Response(new ReadableStream()), "keycloak.timeout"],
];
/** 503 too, but of this call alone. */
const answered: [name: string, answer: () => Response][] = [
  ["broken for one", json(500, { error: "unknown_error", error_description: "For more on this error consult …" })],
  ["broken page", page(500)],
  ["HTML for 200", html(200)],
  ["nothing for 200", () => new Response(null, { status: 204 })],
  ["no tokens", json(200, { access_token: 1 })],
  ["null", json(200, null)],
  ["redirect", () => Response.redirect("/elsewhere", 302)],
];

describe("refusals and nonsense", () => {
  const bothFail = async (login: AuthErrorCode, refresh: AuthErrorCode) => {
    const errors = [
      await failure(client.passwordGrant(grant), login),
      await failure(client.refresh("refresh-token-1"), refresh),
    ];
    expect(observed.slice(-2)).toEqual([`password_grant ${login}`, `refresh ${refresh}`]);
    const shown = JSON.stringify(errors.map((error) => [error, error.internal, String(error.cause)]));
    for (const secret of [SECRET, grant.password, "refresh-token-1", "ada@x.test"]) expect(shown).not.toContain(secret);
    return errors;
  };

  test.each(aboutThePerson)("about the person: %s", async (_, reply, login, refresh) => {
    answer = reply;
    await bothFail(login, refresh);
  });

  test.each(aboutUs)("about us: %s", async (_, reply, login, refresh, reason) => {
    answer = reply;
    for (const error of await bothFail(login, refresh)) expect(error.internal).toMatch(reason);
  });

  test.each(outages)("an outage: %s", async (_, reply, code) => {
    answer = reply;
    for (const error of await bothFail(code, code)) expect(error.answered).toBe(false);
  });

  test.each(answered)("an answer to one call: %s", async (_, reply) => {
    answer = reply;
    for (const error of await bothFail("keycloak.unavailable", "keycloak.unavailable"))
      expect(error.answered).toBe(true);
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

  test("not done by another client than the token's: the session lives on", async () => {
    answer = invalidGrant("Invalid refresh token. Token client and authorized client don't match");
    await failure(client.logout("refresh-token-1"), "keycloak.misconfigured");
  });

  test("not done", async () => {
    for (const status of [200, 502]) {
      answer = html(status);
      await failure(client.logout("refresh-token-1"), "keycloak.unavailable");
    }
    answer = html(502);
    await failure(client.logout("refresh-token-1"), "keycloak.unavailable");
    answer = json(401, { error: "unauthorized_client" });
    await failure(client.logout("refresh-token-1"), "keycloak.misconfigured");
  });
});
