import { afterEach, expect, test } from "bun:test";
import { untilReady } from "./until-ready.ts";

const LIMITS = { readyMs: 1_000, problemMs: 200 };
let server: Bun.Server<unknown> | undefined;
afterEach(() => server?.stop(true));

/** @param answer what `/health/ready` says to each call, counted from 1 */
function wait(answer: (call: number) => Response, service = { exitCode: undefined as number | undefined, log: "/l" }) {
  let calls = 0;
  server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => answer(++calls) });
  return untilReady(service, { name: "gateway", port: server.port ?? 0 }, LIMITS);
}

const notReady = (body: unknown) => Response.json(body, { status: 503 });
const problem = { kind: "issuer_mismatch", todo: "Set KEYCLOAK_ISSUER to what Keycloak says." };

test("ready is ready, after whatever came before", async () => {
  await wait((call) =>
    call < 4 ? notReady({ status: "not_ready", checks: {}, problems: [problem] }) : new Response(),
  );
});

test("problems that last are named with what to do, and end the wait early", async () => {
  const failed = wait(() => notReady({ status: "not_ready", checks: { keycloak: "up" }, problems: [problem] }));
  await expect(failed).rejects.toThrow(
    "The gateway is not ready:\n  issuer_mismatch: Set KEYCLOAK_ISSUER to what Keycloak says.\nIts log is /l",
  );
});

test("a problem that gives way to another has its time again", async () => {
  const other = { ...problem, kind: "client_refused" };
  let seen = 0;
  const failed = wait((call) => {
    seen = call;
    return notReady({ problems: [call < 4 ? problem : other] });
  });
  await expect(failed).rejects.toThrow("client_refused: ");
  expect(seen).toBeGreaterThan(4);
});

test("without problems it names what is away, after the whole time", async () => {
  const failed = wait(() => notReady({ checks: { keycloak: "away", database: "up", feed: "degraded" } }));
  await expect(failed).rejects.toThrow(/^The gateway was not ready within 1 s: it does not reach keycloak\. Its log/);
});

test("what is no answer of a service is none", async () => {
  const failed = wait(() => new Response("<html>", { status: 503 }));
  await expect(failed).rejects.toThrow("The gateway was not ready within 1 s. Its log is /l");
});

test("a service that ends is not waited for", async () => {
  const failed = wait(() => notReady({}), { exitCode: 1, log: import.meta.path });
  await expect(failed).rejects.toThrow("The gateway ended while it started.");
});
