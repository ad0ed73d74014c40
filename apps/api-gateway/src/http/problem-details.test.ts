import { afterEach, expect, test } from "bun:test";
import { expectProblem } from "@libs/http/testing";
import { AuthError, type AuthErrorCode, catalogue } from "@libs/problems";
import type { AppDeps } from "../app.ts";
import { ada, type StubGateway, stubDeps, stubGateway, stubLogin } from "../testing/stub-gateway.ts";

const secret = "s3cret-Value-9Zq";
const login = JSON.stringify({ username: "ada", password: secret });
let gateway: StubGateway;

afterEach(() => gateway.stop());

/** A gateway whose logins end with `error`. */
function failing(error: unknown): StubGateway {
  gateway = stubGateway({ sync: { ...stubDeps().sync, login: () => Promise.reject(error) } });
  return gateway;
}

test.each<[string, unknown]>([
  ["a driver's message", new Error(`password authentication failed for "${secret}"`)],
  ["a code that Elysia knows", Object.assign(new Error(secret), { code: "NOT_FOUND", status: 404 })],
  ["an answer of its own", Object.assign(new Error(secret), { status: 422, toResponse: () => new Response(secret) })],
  ["a cause", new Error("outer", { cause: new Error(secret) })],
  ["a text", secret],
  ["an object with a status", { message: secret, status: 400 }],
])("an unforeseen failure says nothing of itself: %s", async (_, error) => {
  const response = await failing(error).post("/auth/login", login);
  const { requestId } = await expectProblem(response, "internal.error", secret);
  expect(gateway.log()).not.toContain(secret);
  expect(gateway.log()).toContain(requestId);
});

const codes = Object.keys(catalogue) as AuthErrorCode[];

test.each(codes)("%s answers with its status and public text, and keeps its internal text", async (code) => {
  const error = new AuthError(code, { internal: secret, cause: new Error(secret) });
  const response = await failing(error).post("/auth/login", login);
  const { title, hint, retryAfterSeconds } = { retryAfterSeconds: undefined, ...catalogue[code] };
  const problem = await expectProblem(response, code, secret);
  expect(problem).toMatchObject({ type: `urn:problem-type:${code}`, title, detail: hint });
  expect(response.headers.get("retry-after")).toBe(retryAfterSeconds === undefined ? null : String(retryAfterSeconds));
  expect(response.headers.get("www-authenticate")).toBe(catalogue[code].status === 401 ? "Bearer" : null);
});

test("field errors and the address of a pending action reach the caller", async () => {
  const errors = [{ path: "password", message: "must be at least 8 characters" }];
  const actionUrl = "https://keycloak.example/realms/app/account";
  const error = new AuthError("auth.action_required", { errors, actionUrl });
  const response = await failing(error).post("/auth/login", login);
  expect(await expectProblem(response, "auth.action_required")).toMatchObject({ errors, actionUrl });
});

test("a service's answer that breaks the route's own schema is our fault, and stays here", async () => {
  const localUser = { ...ada, username: { secret } } as unknown as typeof ada;
  gateway = stubGateway({
    sync: { registerUser: async () => ({ success: true, userId: ada.id, localUser }) } as unknown as AppDeps["sync"],
  });
  const body = { username: "ada", email: "a@b.co", password: "correct-horse-1", firstName: "A", lastName: "L" };
  const response = await gateway.post("/auth/register", JSON.stringify(body));
  await expectProblem(response, "internal.error", secret, "correct-horse-1");
  expect(gateway.log()).not.toContain(secret);
});

test("a request that takes too long gets its answer in time", async () => {
  gateway = stubGateway({
    requestTimeoutMs: 50,
    sync: { ...stubDeps().sync, login: stubLogin({ store: () => new Promise<never>(() => {}) }) },
  });
  await expectProblem(await gateway.post("/auth/login", login), "request.timeout", secret);
});

test("many faults are cut to twenty", async () => {
  gateway = stubGateway();
  const metadata = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [` key ${n}`, 1]));
  const response = await gateway.post("/auth/register", JSON.stringify({ metadata }));
  expect((await expectProblem(response, "input.invalid")).errors?.length).toBeLessThanOrEqual(20);
});
