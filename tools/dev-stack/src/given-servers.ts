import { databaseUrlFault, diagnoseDatabase, directUrlFault, directUrlOf } from "@libs/database/migrate";
import { diagnoseKeycloak, keycloakUrlFault } from "@libs/keycloak-authV2/keycloak";
import { StackError } from "./base/stack-error.ts";
import { givenSecret } from "./given-secret.ts";
import type { Servers } from "./servers.ts";

type Environment = Record<string, string | undefined>;

/** Variables that together name running servers; `.env.example` has them for docker-compose.yml. */
const REQUIRED = ["KEYCLOAK_URL", "KEYCLOAK_ADMIN_USERNAME", "KEYCLOAK_ADMIN_PASSWORD", "DATABASE_URL"] as const;

/**
 * Servers that the environment names, or undefined if it names none.
 * @throws StackError if it names a part of them only, or something that is no such URL
 */
export function givenServers(env: Environment = process.env): Servers | undefined {
  const given = Object.fromEntries(REQUIRED.map((name) => [name, givenSecret(name, env)]));
  const { KEYCLOAK_URL = "", KEYCLOAK_ADMIN_USERNAME = "", KEYCLOAK_ADMIN_PASSWORD = "", DATABASE_URL = "" } = given;
  if (!KEYCLOAK_URL && !DATABASE_URL) return undefined;
  const missing = REQUIRED.filter((name) => !given[name]);
  if (missing.length > 0) {
    const present = REQUIRED.filter((name) => given[name]).join(", ");
    throw new StackError(
      `${present} given, but not ${missing.join(", ")}: set all of them, or none (see .env.example).`,
    );
  }
  const direct = givenSecret("DATABASE_DIRECT_URL", env);
  const fault = databaseUrlFault(DATABASE_URL) ?? (direct && databaseUrlFault(direct, "DATABASE_DIRECT_URL"));
  if (fault) throw new StackError(fault);
  return {
    way: "given",
    keycloakUrl: baseUrl("KEYCLOAK_URL", KEYCLOAK_URL),
    managementUrl: env["KEYCLOAK_MANAGEMENT_URL"]
      ? baseUrl("KEYCLOAK_MANAGEMENT_URL", env["KEYCLOAK_MANAGEMENT_URL"])
      : "",
    keycloakAdmin: { username: KEYCLOAK_ADMIN_USERNAME, password: KEYCLOAK_ADMIN_PASSWORD },
    databaseUrl: DATABASE_URL,
    ...(direct && { databaseDirectUrl: direct }),
    pids: {},
    logs: {},
    stop: async () => {},
  };
}

function baseUrl(name: string, text: string): string {
  const fault = keycloakUrlFault(text, name);
  if (fault) throw new StackError(fault);
  return text.replace(/\/+$/, "");
}

/** Checks that the servers that were given answer. @throws StackError: for each that does not, why and what to do */
export async function demandAnswers({ keycloakUrl, databaseUrl, databaseDirectUrl }: Servers): Promise<void> {
  const direct = directUrlOf({ DATABASE_URL: databaseUrl, DATABASE_DIRECT_URL: databaseDirectUrl });
  const reasons = await Promise.all([
    diagnoseKeycloak({ url: keycloakUrl, realm: "master" }),
    diagnoseDatabase(databaseUrl),
    databaseDirectUrl && diagnoseDatabase(databaseDirectUrl, { variable: "DATABASE_DIRECT_URL" }),
    directUrlFault(direct),
  ]);
  const faults = reasons.filter((reason) => !!reason);
  if (faults.length > 0) throw new StackError(faults.join("\n"));
}
