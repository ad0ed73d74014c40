import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { requestContext } from "@libs/observability";
import { failure } from "@libs/problems/testing";
import { createKeycloakAdapters } from "../keycloak-adapters.ts";

const user = { id: "u1", username: "ada", enabled: true };
const accept = () => Response.json(user);
const grantToken = () => Response.json({ access_token: `token-${asked.tokens}`, expires_in: 300 });

let asked = { tokens: 0, users: 0 };
let onToken: () => Response | Promise<Response> = grantToken;
let onUser: (authorization: string) => Response | Promise<Response> = accept;
const server = Bun.serve({
  port: 0,
  fetch(request) {
    if (new URL(request.url).pathname.endsWith("/token")) {
      asked.tokens += 1;
      return onToken();
    }
    asked.users += 1;
    return onUser(request.headers.get("authorization") ?? "");
  },
});
afterAll(() => server.stop(true));
beforeEach(() => {
  asked = { tokens: 0, users: 0 };
  onToken = grantToken;
  onUser = accept;
});

const options = { url: server.url.href, realm: "r", clientId: "gw", clientSecret: "client-secret-1", timeoutMs: 300 };
const repository = () => createKeycloakAdapters(options).userRepository;
const never = () => new Promise<Response>(() => {});

describe("the admin token", () => {
  test("is fetched once for calls in parallel and in a row", async () => {
    const users = repository();
    await Promise.all([users.getUser("u1"), users.getUser("u1"), users.getUser("u1")]);
    await users.getUser("u1");
    expect(asked).toEqual({ tokens: 1, users: 4 });
  });

  test("is fetched anew, once, when Keycloak refuses it", async () => {
    onUser = (authorization) => (authorization === "Bearer token-2" ? accept() : new Response(null, { status: 401 }));
    const users = repository();
    expect((await users.getUser("u1"))?.id).toBe("u1");
    expect(asked).toEqual({ tokens: 2, users: 2 });
  });

  test("is fetched anew once for all the calls that were refused together", async () => {
    onUser = (authorization) => (authorization === "Bearer token-2" ? accept() : new Response(null, { status: 401 }));
    const users = repository();
    await Promise.all([users.getUser("u1"), users.getUser("u1"), users.getUser("u1")]);
    expect(asked.tokens).toBe(2);
  });

  test("that is refused again is our misconfiguration", async () => {
    onUser = () => Response.json({ error: "HTTP 401 Unauthorized" }, { status: 401 });
    await failure(repository().getUser("u1"), "keycloak.misconfigured");
    expect(asked).toEqual({ tokens: 2, users: 2 });
  });

  test("that can't be had fails the call by its reason", async () => {
    onToken = () => Response.json({ error: "invalid_client" }, { status: 401 });
    const refused = await failure(repository().getUser("u1"), "keycloak.misconfigured");
    expect(refused.internal).toBe("admin_token: HTTP 401 invalid_client");
    onToken = () => new Response("<html>", { status: 502 });
    await failure(repository().getUser("u1"), "keycloak.unavailable");
    onToken = () => Response.json({ nonsense: true });
    await failure(repository().getUser("u1"), "keycloak.unavailable");
    onToken = never;
    await failure(repository().getUser("u1"), "keycloak.timeout");
  });

  test("is not lost to others because the first caller had no time left", async () => {
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    onToken = async () => {
      await gate;
      return grantToken();
    };
    const users = repository();
    const context = { requestId: "1", deadlineAt: Date.now() + 30 };
    const hurried = requestContext.run(context, () => failure(users.getUser("u1"), "keycloak.timeout"));
    const patient = users.getUser("u1");
    await hurried;
    release();
    expect((await patient)?.id).toBe("u1");
    expect(asked.tokens).toBe(1);
  });
});

describe("answers of the admin API", () => {
  test("a 404 that is not about the user is never read as a missing user", async () => {
    onUser = () => Response.json({ error: "Realm not found." }, { status: 404 });
    await failure(repository().getUser("u1"), "keycloak.misconfigured");
    await failure(repository().deleteUser("u1"), "keycloak.misconfigured");
    onUser = () => new Response("<html>not found</html>", { status: 404 });
    await failure(repository().getUser("u1"), "keycloak.misconfigured");
  });

  test("a missing permission is our misconfiguration", async () => {
    onUser = () => Response.json({ error: "HTTP 403 Forbidden" }, { status: 403 });
    await failure(repository().getUser("u1"), "keycloak.misconfigured");
  });

  test("nonsense, overload and silence", async () => {
    onUser = () => new Response("<html>200</html>");
    await failure(repository().getUser("u1"), "keycloak.unavailable");
    await failure(repository().searchUsers({}), "keycloak.unavailable");
    await failure(repository().countUsers(), "keycloak.unavailable");
    onUser = () => new Response(null, { status: 503 });
    await failure(repository().getUser("u1"), "keycloak.unavailable");
    onUser = never;
    await failure(repository().getUser("u1"), "keycloak.timeout");
  });

  test("the request's deadline cuts a call short", async () => {
    const { userRepository } = createKeycloakAdapters({ ...options, timeoutMs: 60_000 });
    await userRepository.getUser("u1");
    onUser = never;
    const context = { requestId: "1", deadlineAt: Date.now() + 50 };
    await requestContext.run(context, () => failure(userRepository.getUser("u1"), "keycloak.timeout"));
  });

  test("an unknown refusal of a new user says that a rule was broken, and shows nothing that was sent", async () => {
    onUser = () =>
      Response.json({ field: "email", errorMessage: "my-own-rule", params: ["email", "x@y"] }, { status: 400 });
    const input = { username: "ada", email: "x@y", firstName: "A", lastName: "B", password: "pass-word-1" };
    const work = repository().createUser({ ...input, emailVerified: false, enabled: true });
    const error = await failure(work, "registration.profile_rejected");
    expect(error.errors).toEqual([{ path: "email", message: "is refused by the rules of this realm" }]);
    expect(JSON.stringify([error, error.internal])).not.toContain("x@y");
  });
});
