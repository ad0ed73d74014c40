import { expect, test } from "bun:test";
import { keycloakEnvironment, managementUrl } from "./keycloak-environment.ts";

const ports = { keycloak: 8080, management: 9000, postgres: 5432 };
const settings = (version: string) => ({
  version,
  ports,
  postgresPassword: "p",
  admin: { username: "a", password: "b" },
});

test("24: the address by its old name, the administrator by the old one, health on the main port", () => {
  const environment = keycloakEnvironment(settings("24.0.5"));
  expect(environment).toMatchObject({ KC_HOSTNAME_URL: "http://127.0.0.1:8080", KEYCLOAK_ADMIN: "a" });
  expect(environment).not.toHaveProperty("KC_HOSTNAME");
  expect(managementUrl(settings("24.0.5"))).toBe("http://127.0.0.1:8080");
});

test("25: the address by its new name, a port for health, the administrator by the old name", () => {
  const environment = keycloakEnvironment(settings("25.0.6"));
  expect(environment).toMatchObject({ KC_HOSTNAME: "http://127.0.0.1:8080", KEYCLOAK_ADMIN_PASSWORD: "b" });
  expect(environment).not.toHaveProperty("KC_BOOTSTRAP_ADMIN_USERNAME");
  expect(managementUrl(settings("25.0.6"))).toBe("http://127.0.0.1:9000");
});

test("26: all by their new names", () => {
  const environment = keycloakEnvironment(settings("26.0.8"));
  expect(environment).toMatchObject({ KC_BOOTSTRAP_ADMIN_USERNAME: "a", KC_BOOTSTRAP_ADMIN_PASSWORD: "b" });
  expect(environment).not.toHaveProperty("KEYCLOAK_ADMIN");
});

test("a node of a cluster: the address is the cluster's, and nodes meet on the loopback address", () => {
  const member = { publicPort: 8443, jgroupsPort: 7801, poolSize: 60 };
  expect(keycloakEnvironment({ ...settings("26.7.4"), member })).toMatchObject({
    KC_CACHE: "ispn",
    KC_HOSTNAME: "http://127.0.0.1:8443",
    KC_HTTP_PORT: "8080",
    KC_CACHE_EMBEDDED_NETWORK_BIND_ADDRESS: "127.0.0.1",
    KC_CACHE_EMBEDDED_NETWORK_BIND_PORT: "7801",
  });
  expect(keycloakEnvironment(settings("26.7.4"))).toMatchObject({ KC_CACHE: "local" });
});
