import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { KEYCLOAK_VERSION, POSTGRES_MAJOR, PREFERRED_PORTS, PRODUCT } from "./base/constants.ts";
import { ROOT } from "./base/paths.ts";
import { keycloakEnvironment } from "./keycloak/keycloak-environment.ts";

interface Service {
  image?: string;
  environment: Record<string, string>;
  ports: string[];
  healthcheck?: unknown;
  depends_on: Record<string, { condition: string }>;
}

const text = readFileSync(join(ROOT, "docker-compose.yml"), "utf8");
const file = Bun.YAML.parse(text) as { name: string; services: Record<string, Service> };
const service = (name: string): Service => {
  const found = file.services[name];
  if (!found) throw new Error(`no service ${name}`);
  return found;
};

/** Variables of `.env.example`, those that are commented out too. */
const example = Object.fromEntries(
  [...readFileSync(join(ROOT, ".env.example"), "utf8").matchAll(/^#?([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [
    name,
    value,
  ]),
);

test("the versions are those of the native stack", () => {
  expect(file.name).toBe(PRODUCT);
  expect(service("keycloak").image).toBe(`quay.io/keycloak/keycloak:\${KEYCLOAK_VERSION:-${KEYCLOAK_VERSION}}`);
  expect(service("postgres").image).toBe(`postgres:${POSTGRES_MAJOR}`);
});

test("Keycloak gets every setting that it gets natively", () => {
  const ports = { keycloak: 8080, management: 9000, postgres: 5432 };
  const admin = { username: "a", password: "b" };
  const native = keycloakEnvironment({ version: KEYCLOAK_VERSION, ports, postgresPassword: "p", admin });
  // What differs, differs in value only; a container can't listen on its own loopback and be reached.
  const { KC_HTTP_HOST: _, ...expected } = native;
  const { environment } = service("keycloak");
  expect(Object.keys(environment)).toEqual(expect.arrayContaining(Object.keys(expected)));
  for (const name of ["KC_CACHE", "KC_HTTP_ENABLED", "KC_HTTP_MAX_QUEUED_REQUESTS", "KC_PROXY_HEADERS"]) {
    expect(environment[name]).toBe(native[name]);
  }
  expect(environment.KC_PROXY_TRUSTED_ADDRESSES).toStartWith(native.KC_PROXY_TRUSTED_ADDRESSES ?? "-");
});

test("everything is published on the loopback address, on the ports that the native stack prefers", () => {
  const published = Object.values(file.services).flatMap(({ ports = [] }) => ports);
  expect(published).toEqual([
    `127.0.0.1:\${POSTGRES_PORT:-${PREFERRED_PORTS.postgres.port}}:5432`,
    `127.0.0.1:\${KEYCLOAK_PORT:-${PREFERRED_PORTS.keycloak.port}}:8080`,
    `127.0.0.1:\${KEYCLOAK_MANAGEMENT_PORT:-${PREFERRED_PORTS.management.port}}:9000`,
    `127.0.0.1:\${PORT:-${PREFERRED_PORTS.gateway.port}}:3000`,
  ]);
});

test("the defaults are the values of .env.example", () => {
  const defaults = [...text.matchAll(/\$\{([A-Z_]+):-([^}]*)\}/g)];
  expect(defaults.length).toBeGreaterThan(10);
  for (const [, name = "", value] of defaults) expect([name, example[name]]).toEqual([name, value]);
  expect(example.DATABASE_URL).toBe(`postgresql://postgres:postgres@127.0.0.1:${PREFERRED_PORTS.postgres.port}/app`);
  expect(example.KEYCLOAK_URL).toBe(`http://127.0.0.1:${PREFERRED_PORTS.keycloak.port}`);
  expect(example.KEYCLOAK_MANAGEMENT_URL).toBe(`http://127.0.0.1:${PREFERRED_PORTS.management.port}`);
});

test("the servers have health checks, and the gateway waits for the setup", () => {
  expect(service("postgres").healthcheck).toBeDefined();
  expect(service("keycloak").healthcheck).toBeDefined();
  expect(service("setup").depends_on.keycloak?.condition).toBe("service_healthy");
  expect(service("gateway").depends_on.setup?.condition).toBe("service_completed_successfully");
});

test("the gateway's image is built on the Bun of the project", () => {
  const dockerfile = readFileSync(join(ROOT, "apps/api-gateway/Dockerfile"), "utf8");
  const { packageManager } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { packageManager: string };
  const images = [...dockerfile.matchAll(/^FROM oven\/bun:([\d.]+)-slim/gm)].map(([, version]) => `bun@${version}`);
  expect(images).toEqual([packageManager, packageManager]);
  expect(dockerfile).toContain("USER bun");
});
