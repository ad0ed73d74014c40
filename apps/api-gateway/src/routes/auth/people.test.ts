// The routes for people on stubs: who is let in, and what is refused before anything is done.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { assertGuarded } from "@libs/auth-guard";
import { createApp } from "../../app.ts";
import { type StubGateway, stubDeps, stubGateway, testAuth } from "../../testing/stub-gateway.ts";

let gateway: StubGateway;
beforeAll(() => {
  gateway = stubGateway();
});
afterAll(() => gateway.stop());

const routes = [
  ["GET", "/auth/me"],
  ["GET", "/auth/sessions"],
  ["DELETE", "/auth/sessions/some-session"],
  ["POST", "/auth/logout-all"],
  ["GET", "/auth/activity"],
] as const;

/** Everybody may call these: they are what one has no session for yet, or proves it otherwise. */
const open = [
  "/auth/register",
  "/auth/login",
  "/auth/refresh",
  "/auth/logout",
  "/auth/backchannel-logout",
  "/health/*",
  "/metrics",
  "/openapi",
  "/openapi/*",
];

test("each route is guarded, or known to be open", () => {
  // Preflights carry no token (Fetch standard, CORS).
  const routes = createApp(stubDeps()).routes.filter(({ method }) => method !== "OPTIONS");
  expect(() => assertGuarded({ routes }, { except: open })).not.toThrow();
});

describe.each(routes)("%s %s", (method, path) => {
  const call = (headers: Record<string, string> = {}) => fetch(gateway.url + path, { method, headers });

  test("lets the person in, and answers as it declares", async () => {
    const { headers } = await testAuth.logIn();
    const answer = await call(headers);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  test("refuses no token, a bad one, and a session that has ended", async () => {
    const login = await testAuth.logIn();
    testAuth.endSession(login);
    const before = [...gateway.calls];
    for (const [headers, code] of [
      [{}, "token.missing"],
      [{ authorization: "Bearer nonsense" }, "token.invalid"],
      [login.headers, "session.ended"],
    ] as const) {
      const answer = await call(headers);
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toStartWith("Bearer");
      expect(await answer.json()).toMatchObject({ code, requestId: expect.any(String) });
    }
    expect(gateway.calls).toEqual(before);
  });
});

test("a cursor of nobody's making is refused", async () => {
  const { headers } = await testAuth.logIn();
  for (const query of ["cursor=nonsense", "limit=0", "limit=1000", "user=somebody"]) {
    const answer = await fetch(`${gateway.url}/auth/activity?${query}`, { headers });
    expect([query, answer.status]).toEqual([query, 400]);
    expect(await answer.json()).toMatchObject({ code: "input.invalid" });
  }
});
