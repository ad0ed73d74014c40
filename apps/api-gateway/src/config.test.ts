import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, secretFilesOf } from "@libs/http";
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

test("the earlier name of a variable still works, under the new one", () => {
  const waitMs = (env: Record<string, string>) => readConfig({ ...complete, ...env }).LOGIN_LOCK_WAIT_MS;
  expect(waitMs({})).toBe(1500);
  expect(waitMs({ LOGIN_TURN_WAIT_MS: "700" })).toBe(700);
  expect(waitMs({ LOGIN_TURN_WAIT_MS: "700", LOGIN_LOCK_WAIT_MS: " " })).toBe(700);
  expect(waitMs({ LOGIN_TURN_WAIT_MS: "700", LOGIN_LOCK_WAIT_MS: "800" })).toBe(800);
});

test("the required variables are enough", () => {
  expect(readConfig(complete)).toMatchObject({
    PORT: 3000,
    HOST: "0.0.0.0",
    CORS_ORIGINS: [],
  });
});

describe("a secret's file", () => {
  const folder = mkdtempSync(join(tmpdir(), "config-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const fileOf = (name: string, content: string) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const inFiles = Object.fromEntries(
    ["DATABASE_URL", "KEYCLOAK_CLIENT_SECRET", "TOKEN_ENCRYPTION_KEYS"].flatMap((name) => [
      [`${name}_FILE`, fileOf(name, `${Reflect.get(complete, name)}\n`)],
      [name, ""],
    ]),
  );

  test("gives what the variable would", () => {
    const metrics = { METRICS_TOKEN_FILE: fileOf("METRICS_TOKEN", "a-token-of-metrics") };
    const config = readConfig({ ...complete, ...inFiles, ...metrics });
    expect(config).toMatchObject({ ...complete, METRICS_TOKEN: "a-token-of-metrics" });
    expect(secretFilesOf(config).map(({ variable }) => variable)).toEqual([
      "DATABASE_URL",
      "KEYCLOAK_CLIENT_SECRET",
      "TOKEN_ENCRYPTION_KEYS",
      "METRICS_TOKEN",
    ]);
    expect(secretFilesOf(readConfig(complete))).toEqual([]);
  });

  test("is named with its fault, all at once, and what it could not give is no second one", () => {
    const faulty = {
      DATABASE_URL_FILE: fileOf("mysql", `mysql://app:${secret}@localhost/app`),
      KEYCLOAK_CLIENT_SECRET_FILE: join(folder, "nosuch"),
      TOKEN_ENCRYPTION_KEYS_FILE: fileOf("ring", `k1:${key},k1:${key}`),
      METRICS_TOKEN_FILE: fileOf("short", "short"),
    };
    expect(faultsOf({ ...complete, ...inFiles, ...faulty })).toEqual({
      DATABASE_URL_FILE: expect.stringContaining("names MySQL"),
      KEYCLOAK_CLIENT_SECRET_FILE: "names a file that does not exist",
      TOKEN_ENCRYPTION_KEYS_FILE: expect.stringContaining("the id k1 is used twice"),
      METRICS_TOKEN_FILE: expect.stringContaining("names a file whose content can't be used"),
    });
  });

  test("beside its variable is a fault", () => {
    expect(faultsOf({ ...complete, DATABASE_URL_FILE: inFiles["DATABASE_URL_FILE"] })).toEqual({
      DATABASE_URL_FILE: "and DATABASE_URL are both given: leave one of them out",
    });
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
