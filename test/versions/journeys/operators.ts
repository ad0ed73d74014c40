// A realm as the product sets it up has nothing to change, nothing to find, and a gateway on it has no problem.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { STACK_TIMEOUT_MS } from "@libs/dev-stack";
import { authctl } from "../../support/authctl.ts";
import { eventually } from "../../support/eventually.ts";
import { type GatewayProcess, stopGateways } from "../../support/gateway-process.ts";
import { useReplicas } from "../../support/replicas.ts";
import { arrivalMode } from "../arrival-mode.ts";
import type { ArrivalMode } from "../figures.ts";

const replicas = useReplicas();
let mode: ArrivalMode;
let gateway: GatewayProcess;
let setup: Record<string, string>;

beforeAll(async () => {
  const { stack, start } = replicas;
  mode = await arrivalMode(stack);
  gateway = await start("directly");
  const { username, password } = stack.keycloakAdmin;
  setup = {
    KEYCLOAK_ADMIN_USERNAME: username,
    KEYCLOAK_ADMIN_PASSWORD: password,
    KEYCLOAK_SSL_REQUIRED: "none",
    KEYCLOAK_BACKCHANNEL_LOGOUT_URL: `${gateway.url}/auth/backchannel-logout`,
  };
}, STACK_TIMEOUT_MS);
afterAll(stopGateways);

test("realm apply makes the settings, and finds nothing to change after it", async () => {
  const apply = () => authctl(replicas.stack, ["realm", "apply", "--yes"], undefined, setup);
  expect(await apply()).toMatchObject({ code: 0, out: expect.stringContaining("changes made") });
  expect(await apply()).toMatchObject({ code: 0, out: expect.stringContaining("nothing to change") });
});

test("the doctor finds nothing", async () => {
  const { code, out } = await authctl(replicas.stack, ["doctor", "--json"], undefined, setup);
  const found = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; code?: string; unchecked?: string[] });
  // Where changes arrive by reconciliation, that alone is noted.
  const expected = mode === "events" ? [] : ["keycloak.without_events"];
  expect(found.filter(({ type }) => type === "finding").map((finding) => finding.code)).toEqual(expected);
  expect(found.at(-1)).toMatchObject({ type: "result", errors: 0, unchecked: [] });
  expect(code).toBe(0);
});

test("the gateway is ready and has no problem, and authctl feed status says the same", async () => {
  await eventually(async () => {
    const answer = await fetch(`${gateway.url}/health/ready`);
    const { status, checks, problems = [], feed_mode } = (await answer.json()) as Ready;
    const found = { http: answer.status, status, problems, feed_mode };
    expect(found).toEqual({ http: 200, status: "ready", problems: [], feed_mode: mode });
    expect(new Set(Object.values(checks))).toEqual(new Set(["up"]));
  }, 30_000);
  // A change that has just come may still be waiting.
  await eventually(async () => {
    const { code, out } = await authctl(replicas.stack, ["feed", "status"]);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining("waiting: 0") });
  });
});

interface Ready {
  status: string;
  checks: Record<string, string>;
  problems?: unknown[];
  feed_mode?: string;
}
