import { setTimeout as delay } from "node:timers/promises";
import { KEYCLOAK_DATABASE, LOOPBACK } from "../constants.ts";
import { type Keeper, type KeptProcess, logTail } from "../keeper/keeper.ts";
import type { Java } from "../machine/java.ts";
import { StackError } from "../stack-error.ts";
import { type JvmProfile, keycloakCommand } from "./java-command.ts";

export interface KeycloakServerOptions {
  java: Java;
  home: string;
  jvm: JvmProfile;
  ports: { keycloak: number; management: number; postgres: number };
  postgresPassword: string;
  admin: { username: string; password: string };
  log: string;
  /** The data is thrown away afterwards: the server is killed rather than asked to end. */
  throwaway: boolean;
}

/** A first start creates the schema, which takes half a minute and more on a busy machine. */
const READY_WITHIN_MS = 240_000;

/** Starts Keycloak; it is not ready yet. */
export function runKeycloak(keeper: Keeper, options: KeycloakServerOptions): Promise<KeptProcess> {
  const { java, home, jvm, log, throwaway } = options;
  return keeper.run({
    name: "keycloak",
    command: keycloakCommand({ java, home, jvm, args: ["start", "--optimized"] }),
    cwd: home,
    env: { ...inherited(), ...keycloakEnvironment(options) },
    log,
    stopSignal: throwaway ? "SIGKILL" : "SIGTERM",
    graceMs: 10_000,
  });
}

/** Settings of the server: https://www.keycloak.org/server/all-config. docker-compose.yml gives the same ones. */
export function keycloakEnvironment(
  options: Pick<KeycloakServerOptions, "ports" | "postgresPassword" | "admin">,
): Record<string, string> {
  const { ports, postgresPassword, admin } = options;
  return {
    KC_CACHE: "local",
    KC_HTTP_ENABLED: "true",
    KC_HTTP_HOST: LOOPBACK,
    KC_HTTP_PORT: String(ports.keycloak),
    KC_HTTP_MANAGEMENT_PORT: String(ports.management),
    KC_HTTP_MAX_QUEUED_REQUESTS: "1000",
    KC_HOSTNAME: `http://${LOOPBACK}:${ports.keycloak}`,
    KC_PROXY_HEADERS: "xforwarded",
    // No `::1`: Keycloak takes it for a host name and asks the DNS for it, which holds up every request for 5 s where
    // none answers.
    KC_PROXY_TRUSTED_ADDRESSES: "127.0.0.0/8",
    KC_DB_URL: `jdbc:postgresql://${LOOPBACK}:${ports.postgres}/${KEYCLOAK_DATABASE}`,
    KC_DB_USERNAME: "postgres",
    KC_DB_PASSWORD: postgresPassword,
    KC_BOOTSTRAP_ADMIN_USERNAME: admin.username,
    KC_BOOTSTRAP_ADMIN_PASSWORD: admin.password,
  };
}

/** Waits until Keycloak says that it is ready, or has ended. */
export async function keycloakReady(process: KeptProcess, managementUrl: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (process.exitCode !== undefined) {
      throw new StackError(`Keycloak ended while it started. The end of ${process.log}:\n${logTail(process.log)}`);
    }
    if (await answersReady(managementUrl)) return;
    await delay(100);
  }
  throw new StackError(`Keycloak was not ready within ${READY_WITHIN_MS / 1000} s. Its log is ${process.log}`);
}

async function answersReady(managementUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${managementUrl}/health/ready`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

/** Our environment without Keycloak's own variables, which would change the server behind our back. */
function inherited(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || /^(KC_|KEYCLOAK_|JAVA_OPTS|DATABASE_URL|TOKEN_)/.test(name) ? [] : [[name, value]],
    ),
  );
}
