import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./base/paths.ts";
import { identify } from "./machine/process-identity.ts";
import { takeRunningStack } from "./operator-environment.ts";
import { type StackFile, writeStackFile } from "./stack-file.ts";

const folder = mkdtempSync(join(tmpdir(), "operator-environment-"));
const file = join(folder, "stack.json");
afterAll(() => rmSync(folder, { recursive: true }));

const stack: StackFile = {
  gatewayUrl: "http://127.0.0.1:3000",
  keycloakUrl: "http://127.0.0.1:8080",
  managementUrl: "http://127.0.0.1:9000",
  realm: "app",
  issuer: "http://127.0.0.1:8080/realms/app",
  clientId: "gw",
  clientSecret: "s",
  pids: {},
  keycloakAdmin: { username: "admin", password: "p" },
  databaseUrl: "postgresql://127.0.0.1/app",
  tokenEncryptionKeys: "k1:x",
  metricsToken: "m",
  owner: identify(process.pid) ?? { pid: 0, startedAt: "" },
};

test("who names no servers gets those of the running stack; what is set stays", () => {
  writeStackFile(stack, file);
  const environment: Record<string, string | undefined> = { KEYCLOAK_ADMIN_USERNAME: "me", DATABASE_URL: "" };
  expect(takeRunningStack(environment, file)).toEqual(stack);
  expect(environment).toMatchObject({
    DATABASE_URL: stack.databaseUrl,
    KEYCLOAK_URL: stack.keycloakUrl,
    KEYCLOAK_REALM: "app",
    KEYCLOAK_CLIENT_ID: "gw",
    KEYCLOAK_CLIENT_SECRET: "s",
    TOKEN_ENCRYPTION_KEYS: "k1:x",
    KEYCLOAK_ADMIN_USERNAME: "me",
    KEYCLOAK_ADMIN_PASSWORD: "p",
    KEYCLOAK_SSL_REQUIRED: "none",
    KEYCLOAK_BACKCHANNEL_LOGOUT_URL: "http://127.0.0.1:3000/auth/backchannel-logout",
  });
});

test("what a file stands for is not set beside it", () => {
  writeStackFile(stack, file);
  const environment: Record<string, string | undefined> = { KEYCLOAK_ADMIN_PASSWORD_FILE: "/run/secrets/admin" };
  expect(takeRunningStack(environment, file)).toEqual(stack);
  expect(environment).not.toContainKey("KEYCLOAK_ADMIN_PASSWORD");
});

test("one that is named is never mixed with the stack, and one that has ended is none", () => {
  for (const name of ["DATABASE_URL", "DATABASE_URL_FILE", "KEYCLOAK_URL"]) {
    const environment = { [name]: "elsewhere" };
    expect(takeRunningStack(environment, file)).toBeUndefined();
    expect(environment).toEqual({ [name]: "elsewhere" });
  }
  writeStackFile({ ...stack, owner: { ...stack.owner, startedAt: "before" } }, file);
  const environment = {};
  expect(takeRunningStack(environment, file)).toBeUndefined();
  expect(environment).toEqual({});
});

test("`bun run authctl` is the operator's command", async () => {
  const child = Bun.spawn([process.execPath, "run", "--silent", "authctl", "users", "--help"], {
    cwd: ROOT,
    stdout: "pipe",
    stderr: "ignore",
  });
  expect(await child.stdout.text()).toContain("Usage: authctl users");
  expect(await child.exited).toBe(0);
});
