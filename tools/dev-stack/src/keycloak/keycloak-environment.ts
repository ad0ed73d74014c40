import { KEYCLOAK_DATABASE, LOOPBACK } from "../base/constants.ts";
import { isAtLeast } from "./releases.ts";

export interface KeycloakSettings {
  version: string;
  ports: { keycloak: number; management: number; postgres: number };
  postgresPassword: string;
  admin: { username: string; password: string };
  /** Makes it a node of a cluster. */
  member?: ClusterMember;
}

export interface ClusterMember {
  /** Where clients reach the cluster. */
  publicPort: number;
  /** Where the other nodes reach this one. */
  jgroupsPort: number;
  /** Connections to the database at most. */
  poolSize: number;
}

/** Settings of the server: https://www.keycloak.org/server/all-config. docker-compose.yml gives the same ones. */
export function keycloakEnvironment(settings: KeycloakSettings): Record<string, string> {
  const { ports, postgresPassword, member } = settings;
  return {
    ...(member ? clusterEnvironment(member) : { KC_CACHE: "local" }),
    KC_HTTP_ENABLED: "true",
    KC_HTTP_HOST: LOOPBACK,
    KC_HTTP_PORT: String(ports.keycloak),
    KC_HTTP_MANAGEMENT_PORT: String(ports.management),
    KC_HTTP_MAX_QUEUED_REQUESTS: "1000",
    KC_PROXY_HEADERS: "xforwarded",
    // No `::1`: Keycloak takes it for a host name and asks the DNS for it, which holds up every request for 5 s where
    // none answers.
    KC_PROXY_TRUSTED_ADDRESSES: "127.0.0.0/8",
    KC_DB_URL: `jdbc:postgresql://${LOOPBACK}:${ports.postgres}/${KEYCLOAK_DATABASE}`,
    KC_DB_USERNAME: "postgres",
    KC_DB_PASSWORD: postgresPassword,
    ...hostname(settings),
    ...firstAdministrator(settings),
  };
}

/**
 * Nodes find each other through the database (`jdbc-ping`, the default stack since 26.1):
 * https://www.keycloak.org/server/caching, "Transport stacks".
 */
function clusterEnvironment({ jgroupsPort, poolSize }: ClusterMember): Record<string, string> {
  return {
    KC_CACHE: "ispn",
    KC_CACHE_EMBEDDED_NETWORK_BIND_ADDRESS: LOOPBACK,
    KC_CACHE_EMBEDDED_NETWORK_BIND_PORT: String(jgroupsPort),
    KC_DB_POOL_MAX_SIZE: String(poolSize),
  };
}

/** `KC_HOSTNAME` takes a URL since 25 (https://www.keycloak.org/docs/25.0.6/upgrading/, "New Hostname options"). */
function hostname({ version, ports, member }: KeycloakSettings): Record<string, string> {
  const url = `http://${LOOPBACK}:${member?.publicPort ?? ports.keycloak}`;
  return isAtLeast(version, [25, 0]) ? { KC_HOSTNAME: url } : { KC_HOSTNAME_URL: url, KC_HOSTNAME_ADMIN_URL: url };
}

/** Renamed in 26 (https://www.keycloak.org/docs/26.0.8/upgrading/, "Admin Bootstrapping and Recovery"). */
function firstAdministrator({ version, admin }: KeycloakSettings): Record<string, string> {
  const { username, password } = admin;
  return isAtLeast(version, [26, 0])
    ? { KC_BOOTSTRAP_ADMIN_USERNAME: username, KC_BOOTSTRAP_ADMIN_PASSWORD: password }
    : { KEYCLOAK_ADMIN: username, KEYCLOAK_ADMIN_PASSWORD: password };
}

/** Where health and metrics are: a port of their own since 25 (https://www.keycloak.org/server/management-interface). */
export function managementUrl({ version, ports }: Pick<KeycloakSettings, "version" | "ports">): string {
  return `http://${LOOPBACK}:${isAtLeast(version, [25, 0]) ? ports.management : ports.keycloak}`;
}
