import { expect, test } from "bun:test";
import { DatabaseTimeoutError, DatabaseUnavailableError, StatementRefusedError } from "@libs/database";
import { AuthError } from "@libs/keycloak-authV2/errors";
import { createLogger, Registry } from "@libs/observability";
import { Elysia } from "elysia";
import { z } from "zod";
import { type RouteTable, serveOptions, serviceBase } from "./service-base.ts";
import { ServiceError } from "./service-error.ts";
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

test.each([false, true])("a database that is away is told as such (before the body: %p)", async (early) => {
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
