import { expect, test } from "bun:test";
import { createLogger, Registry } from "@libs/observability";
import { DatabaseTimeoutError, DatabaseUnavailableError, StatementRefusedError } from "@libs/postgres";
import { AuthError } from "@libs/problems";
import { Elysia } from "elysia";
import { z } from "zod";
import { ServiceError } from "./problems/service-error.ts";
import { type RouteTable, serveOptions, serviceBase } from "./service-base.ts";
import { expectProblem, expectServiceProblem } from "./testing/index.ts";

const secret = "s3cret-Value-9Zq";
const own = { "shelf.empty": { status: 409, title: "Nothing is left.", hint: "Come again." } } as const;

/** A service whose route fails in its handler, or before its body is read, as guards do. */
function failing(error: unknown, { early = false } = {}) {
  const lines: string[] = [];
  const logger = createLogger({ destination: { write: (line) => lines.push(line) } });
  const routes: RouteTable = { current: [] };
  const fail = () => {
    throw error;
  };
  const app = new Elysia({ normalize: false, serve: serveOptions(logger) })
    .onParse(early ? fail : () => undefined)
    .use(serviceBase({ logger, registry: new Registry(), routes, corsOrigins: [], isStopping: () => false }))
    .post("/things", fail, { body: z.unknown() });
  routes.current = app.routes;
  const post = () =>
    app.handle(
      new Request("http://service.test/things", {
        method: "POST",
        body: JSON.stringify({ secret }),
        headers: { "content-type": "application/json" },
      }),
    );
  return { post, log: () => lines.join("") };
}

test.each([false, true])("a database that is away is named as such (before the body: %p)", async (early) => {
  const away = failing(new DatabaseUnavailableError(secret), { early });
  await expectProblem(await away.post(), "database.unavailable", secret);
  const slow = failing(new DatabaseTimeoutError(secret), { early });
  await expectProblem(await slow.post(), "database.timeout", secret);
  const refused = failing(new StatementRefusedError("23514", secret), { early });
  await expectProblem(await refused.post(), "internal.error", secret);
  expect(refused.log()).toContain("unexpected error");
  expect(refused.log()).not.toContain(secret);
});

test.each([false, true])("a service's own error leaves like those of the libs (before the body: %p)", async (early) => {
  const service = failing(new ServiceError("shelf.empty", own["shelf.empty"], { cause: new Error(secret) }), { early });
  await expectServiceProblem(own, await service.post(), "shelf.empty", secret);
});

test("an error that only looks like one of ours is internal", async () => {
  const lookalike = Object.assign(new Error(secret), { code: "shelf.empty", entry: own["shelf.empty"] });
  await expectProblem(await failing(lookalike).post(), "internal.error", secret);
});

test("an error's own headers are sent", async () => {
  const limited = Object.assign(new AuthError("rate.limited"), { headers: { "retry-after": "7" } });
  const response = await failing(limited).post();
  expect(response.headers.get("retry-after")).toBe("7");
});

const lineOf = (log: string) =>
  log
    .split("\n")
    .filter((line) => line.includes('"err"'))
    .map((line) => JSON.parse(line));

test.each<[string, unknown, object]>([
  [
    "our own client is refused",
    new AuthError("keycloak.misconfigured", { internal: "password_grant: HTTP 401 unauthorized_client" }),
    {
      level: "error",
      code: "keycloak.misconfigured",
      err: { name: "AuthError", internal: "password_grant: HTTP 401 unauthorized_client" },
    },
  ],
  [
    "a table is not there",
    new AuthError("database.unavailable", {
      cause: new StatementRefusedError(
        "42P01",
        secret,
        'statement refused (42P01): relation "sessions" does not exist',
      ),
    }),
    {
      level: "warn",
      code: "database.unavailable",
      err: { cause: { internal: 'statement refused (42P01): relation "sessions" does not exist' } },
    },
  ],
  ["the database is away", new DatabaseUnavailableError(secret, { internal: "08006" }), { level: "warn" }],
  [
    "a statement is refused",
    new StatementRefusedError("23514", secret),
    { level: "error", code: "internal.error", err: { internal: "statement refused (23514)" } },
  ],
  ["there is no room", new AuthError("service.overloaded"), { level: "info", code: "service.overloaded" }],
])("a 5xx has its cause in the log, without a stack: %s", async (_, error, line) => {
  const service = failing(error);
  await service.post();
  const [logged, ...others] = lineOf(service.log());
  expect(others).toEqual([]);
  expect(logged).toMatchObject({ ...line, requestId: expect.any(String) });
  expect(service.log()).not.toContain(secret);
  expect(service.log()).not.toContain('"stack"');
});

test("what nobody foresaw has its stack; a refusal of 4xx is no failure", async () => {
  const bug = failing(new TypeError(secret));
  await bug.post();
  expect(lineOf(bug.log())).toMatchObject([{ level: "error", err: { name: "TypeError", stack: expect.any(Array) } }]);
  const refused = failing(new AuthError("session.invalid"));
  await refused.post();
  expect(lineOf(refused.log())).toEqual([]);
});
