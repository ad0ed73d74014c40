// Versions, names and preferred ports of the stack. `compose-file.test.ts` holds docker-compose.yml to the same values.

/** Name of the product: cache folder, compose project. */
export const PRODUCT = "keycloak-sync-gateway";

/** What runs where `KEYCLOAK_VERSION` and `KEYCLOAK_HOME` name no other; `keycloak/releases.ts` has those that can. */
export const KEYCLOAK_VERSION = "26.7.4";

/** What runs where `POSTGRES_VERSION` names no other; `postgres/releases.ts` has those that can. */
export const POSTGRES_MAJOR = "18";

/** Oldest Java that Keycloak 24 to 26 runs on. */
export const MINIMUM_JAVA = 17;

/** The realm that `start` and `stack` set up, and the gateway's client in it. */
export const DEV_REALM = "app";
export const GATEWAY_CLIENT_ID = "api-gateway";

/** Databases on the one PostgreSQL server. */
export const KEYCLOAK_DATABASE = "keycloak";
export const APP_DATABASE = "app";

/** Ports that `start` prefers; each has an environment variable that overrides it. */
export const PREFERRED_PORTS = {
  gateway: { env: "PORT", port: 3000 },
  orders: { env: "ORDERS_PORT", port: 3100 },
  keycloak: { env: "KEYCLOAK_PORT", port: 8080 },
  management: { env: "KEYCLOAK_MANAGEMENT_PORT", port: 9000 },
  postgres: { env: "POSTGRES_PORT", port: 54329 },
} as const;

/** Everything listens on, and is dialled by, this address. */
export const LOOPBACK = "127.0.0.1";
