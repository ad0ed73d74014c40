import { expect, test } from "bun:test";
import { GatewayProcess, gatewayEnv } from "./support/gateway-process.ts";
import { useJourney } from "./support/journey.ts";

const journey = useJourney();

test("a wrong configuration: every fault at once, by variable name, exit 1, no secret shown", async () => {
  const secret = "postgres://user:Secret-in-url@127.0.0.1";
  const gateway = GatewayProcess.spawn({
    PORT: "eighty",
    DATABASE_URL: `mysql${secret}`,
    KEYCLOAK_URL: "not a url",
    KEYCLOAK_CLIENT_SECRET: "",
    TOKEN_ENCRYPTION_KEYS: "a:c2hvcnQtc2VjcmV0,a:c2hvcnQtc2VjcmV0",
    METRICS_TOKEN: "short-secret",
  });
  expect(await gateway.exited).toBe(1);
  const output = gateway.output;
  for (const name of [
    "PORT",
    "DATABASE_URL",
    "KEYCLOAK_URL",
    "KEYCLOAK_REALM",
    "KEYCLOAK_CLIENT_ID",
    "KEYCLOAK_CLIENT_SECRET",
    "TOKEN_ENCRYPTION_KEYS",
    "METRICS_TOKEN",
  ]) {
    expect(output).toContain(`${name}:`);
  }
  for (const value of ["Secret-in-url", "c2hvcnQtc2VjcmV0", "short-secret", "eighty"])
    expect(output).not.toContain(value);
  expect(output).not.toContain("    at ");
});

test("a port that is taken: says so, exit 1", async () => {
  const { port } = new URL(journey.gateway.url);
  const second = GatewayProcess.spawn(gatewayEnv(journey.stack, { PORT: port }));
  expect(await second.exited).toBe(1);
  expect(second.output).toContain(`Port ${port}`);
  expect(second.output).not.toContain("    at ");
});
