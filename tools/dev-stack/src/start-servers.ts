import { MINIMUM_JAVA } from "./base/constants.ts";
import { DEV_DIR } from "./base/paths.ts";
import { StackError } from "./base/stack-error.ts";
import { composeWorks, startCompose } from "./compose-servers.ts";
import { demandAnswers, givenServers } from "./given-servers.ts";
import { findJava } from "./machine/java.ts";
import { type NativeOptions, startNative } from "./native-servers.ts";
import type { Servers } from "./servers.ts";
import { endLeftovers, runDirs } from "./supervisor/leftovers.ts";

export type StartServersOptions = Omit<NativeOptions, "java">;

/**
 * A Keycloak and a PostgreSQL, by the first way that works: the ones that the environment names; processes of this
 * machine, where there is a Java; Docker Compose. Versions that code asks for are processes of this machine or nothing.
 * @throws StackError with the three ways, when none works
 */
export async function startServers(options: StartServersOptions): Promise<Servers> {
  await endLeftovers([DEV_DIR, ...runDirs(DEV_DIR)], options.report);
  const inCode = options.keycloakVersion !== undefined || options.postgresVersion !== undefined;
  const given = inCode ? undefined : givenServers();
  if (given) {
    await demandAnswers(given);
    options.report("Using the servers that KEYCLOAK_URL and DATABASE_URL name.");
    return given;
  }
  const java = findJava();
  if (java) return startNative({ ...options, java });
  if (!inCode && (await composeWorks())) return startCompose(options.report);
  throw new StackError(noWay());
}

/** What to say to someone whose machine can't run the servers. */
export function noWay(): string {
  return [
    `No Java ${MINIMUM_JAVA} or newer was found, no Docker engine answers, and no servers are given. One of these helps:`,
    `  1. Install a JDK ${MINIMUM_JAVA}, 21 or 25 (for example: apt install openjdk-21-jre-headless, brew install openjdk@21),`,
    "     or point JAVA_HOME at one.",
    "  2. Start Docker; docker-compose.yml has the servers.",
    "  3. Name running servers: KEYCLOAK_URL, KEYCLOAK_ADMIN_USERNAME, KEYCLOAK_ADMIN_PASSWORD, DATABASE_URL (see .env.example).",
  ].join("\n");
}
