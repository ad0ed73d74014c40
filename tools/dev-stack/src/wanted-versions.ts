import { KEYCLOAK_VERSION, POSTGRES_MAJOR } from "./base/constants.ts";
import { isVersion } from "./keycloak/releases.ts";
import type { ServerVersions } from "./servers.ts";

/** Versions that somebody asks for; what is absent may be anything. */
export interface WantedVersions {
  /** A version or a minor of Keycloak. */
  keycloakVersion?: string | undefined;
  /** A major of PostgreSQL. */
  postgresVersion?: string | undefined;
}

/**
 * Whether servers are of the versions that code or, for lack of it, the environment asks for.
 * @param running what is absent is of the default versions
 */
export function hasWantedVersions(
  running: ServerVersions = { keycloak: KEYCLOAK_VERSION, postgres: POSTGRES_MAJOR },
  wanted: WantedVersions = {},
  env: Record<string, string | undefined> = process.env,
): boolean {
  const keycloak = wanted.keycloakVersion || env["KEYCLOAK_VERSION"] || running.keycloak;
  const postgres = wanted.postgresVersion || env["POSTGRES_VERSION"] || running.postgres;
  return isVersion(running.keycloak, keycloak) && running.postgres === postgres;
}
