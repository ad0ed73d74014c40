import { setTimeout as delay } from "node:timers/promises";
import { StackError } from "../base/stack-error.ts";
import type { Java } from "../machine/java.ts";
import { logTail, type SupervisedProcess, type Supervisor } from "../supervisor/supervisor.ts";
import { type JvmProfile, keycloakCommand } from "./java-command.ts";
import { type KeycloakSettings, keycloakEnvironment } from "./keycloak-environment.ts";

export interface KeycloakServerOptions extends KeycloakSettings {
  /** For the supervisor; `keycloak` by default. */
  name?: string;
  java: Java;
  home: string;
  jvm: JvmProfile;
  log: string;
  /** The data is thrown away afterwards: the server is killed rather than asked to end. */
  throwaway: boolean;
}

/** A first start creates the schema, which takes half a minute and more on a busy machine. */
const READY_WITHIN_MS = 240_000;

/** Starts Keycloak; it is not ready yet. */
export async function runKeycloak(supervisor: Supervisor, options: KeycloakServerOptions): Promise<SupervisedProcess> {
  const { java, home, jvm, log, throwaway, name = "keycloak" } = options;
  return supervisor.run({
    name,
    command: await keycloakCommand({ java, home, jvm, args: ["start", "--optimized"] }),
    cwd: home,
    env: { ...inherited(), ...keycloakEnvironment(options) },
    log,
    stopSignal: throwaway ? "SIGKILL" : "SIGTERM",
    graceMs: 10_000,
  });
}

/** Waits until Keycloak says that it is ready, or has ended. */
export async function keycloakReady(process: SupervisedProcess, managementUrl: string): Promise<void> {
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
