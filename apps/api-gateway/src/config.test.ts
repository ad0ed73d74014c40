import { describe, expect, test } from "bun:test";
import { ConfigError } from "@libs/http";
import { configSchema, readConfig } from "./config.ts";

const key = Buffer.alloc(32, 7).toString("base64");
const secret = "s3cret-Value-9Zq";

const complete = {
  DATABASE_URL: `postgresql://app:${secret}@localhost:5432/app`,
  KEYCLOAK_URL: "http://localhost:8080",
  KEYCLOAK_REALM: "app",
  KEYCLOAK_CLIENT_ID: "api-gateway",
  KEYCLOAK_CLIENT_SECRET: secret,
  TOKEN_ENCRYPTION_KEYS: `k1:${key}`,
};

/** The faults that `env` has, by variable name. */
function faultsOf(env: Record<string, string | undefined>): Record<string, string> {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) {
      expect(error.message).not.toContain(secret);
      expect(error.message).not.toContain(key);
      return Object.fromEntries(error.faults.map(({ variable, rule }) => [variable, rule]));
    }
    throw error;
  }
  return {};
}

test("the required variables are enough", () => {
  expect(readConfig(complete)).toMatchObject({
    PORT: 3000,
    HOST: "0.0.0.0",
    CORS_ORIGINS: [],
  });
});

test("nothing at all: every missing variable at once, by name", () => {
  expect(faultsOf({})).toEqual(Object.fromEntries(Object.keys(complete).map((name) => [name, "is missing"])));
});

test("an empty variable counts as missing, or as left out", () => {
  expect(faultsOf({ ...complete, DATABASE_URL: "", KEYCLOAK_REALM: "" })).toEqual({
    DATABASE_URL: "is missing",
    KEYCLOAK_REALM: "is missing",
  });
  expect(readConfig({ ...complete, PORT: "", METRICS_TOKEN: "", CORS_ORIGINS: " " }).PORT).toBe(3000);
  expect(readConfig({ ...complete, PORT: " " }).PORT).toBe(3000);
});

test("the message is for a person: how many, one line each", () => {
  const message = () => readConfig({ ...complete, PORT: "x", KEYCLOAK_URL: undefined });
  expect(message).toThrow(/^The configuration has 2 faults:\n {2}PORT: .+\n {2}KEYCLOAK_URL: is missing$/);
});

describe("faults, each named without its value", () => {
  test.each([
    ["PORT", "70000"],
    ["PORT", secret],
    ["PORT", "80.5"],
    ["LOG_LEVEL", secret],
    ["DATABASE_URL", secret],
    ["DATABASE_URL", `mysql://app:${secret}@localhost/app`],
    ["DATABASE_POOL_SIZE", "0"],
    ["KEYCLOAK_URL", `ftp://${secret}`],
    ["KEYCLOAK_ISSUER", secret],
    ["KEYCLOAK_TIMEOUT_MS", "50"],
    ["REQUEST_TIMEOUT_MS", secret],
    ["REFRESH_GRACE_MS", "-1"],
    ["SHUTDOWN_DELAY_MS", "1h"],
    ["TOKEN_ENCRYPTION_KEYS", secret],
    ["TOKEN_ENCRYPTION_KEYS", `k1:${secret}`],
    ["TOKEN_ENCRYPTION_KEYS", `k1:${key},k1:${Buffer.alloc(32, 8).toString("base64")}`],
    ["TOKEN_ENCRYPTION_KEYS", `k1:${key},k2:${key}`],
    ["TOKEN_ENCRYPTION_KEYS", `k1:${Buffer.alloc(16, 7).toString("base64")}`],
    ["TRUSTED_PROXIES", `10.0.0.0/8, ${secret}`],
    ["TRUSTED_PROXIES", "10.0.0.0/99"],
    ["CORS_ORIGINS", secret],
    ["CORS_ORIGINS", "*"],
    ["CORS_ORIGINS", "https://shop.example/path"],
    ["METRICS_PORT", "-1"],
    ["METRICS_TOKEN", "short"],
  ])("%s=%s", (variable, value) => {
    const faults = faultsOf({ ...complete, [variable]: value });
    expect(Object.keys(faults)).toEqual([variable]);
    expect(faults[variable]).not.toBe("");
  });

  test("all of them together", () => {
    const env = { ...complete, PORT: secret, LOG_LEVEL: secret, DATABASE_URL: secret, METRICS_TOKEN: "short" };
    expect(Object.keys(faultsOf(env)).sort()).toEqual(["DATABASE_URL", "LOG_LEVEL", "METRICS_TOKEN", "PORT"]);
  });
});

test("lists are split and trimmed", () => {
  const config = readConfig({
    ...complete,
    TRUSTED_PROXIES: " loopback , 10.0.0.0/8,",
    CORS_ORIGINS: "https://a.example",
  });
  expect(config.TRUSTED_PROXIES).toEqual(["loopback", "10.0.0.0/8"]);
  expect(config.CORS_ORIGINS).toEqual(["https://a.example"]);
});

test("variables of others are left alone", () => {
  expect(faultsOf({ ...complete, PATH: "/usr/bin", HOME: secret })).toEqual({});
});

test("every variable is described", () => {
  for (const [name, schema] of Object.entries(configSchema.shape))
    expect([name, schema.description]).not.toContain(undefined);
});
