import { withClient } from "./postgres/administer.ts";
import type { Servers } from "./servers.ts";
import { StackError } from "./stack-error.ts";

type Environment = Record<string, string | undefined>;

/** Variables that together name running servers; `.env.example` has them for docker-compose.yml. */
const REQUIRED = ["KEYCLOAK_URL", "KEYCLOAK_ADMIN_USERNAME", "KEYCLOAK_ADMIN_PASSWORD", "DATABASE_URL"] as const;

/**
 * Servers that the environment names, or undefined if it names none.
 * @throws StackError if it names a part of them only
 */
export function givenServers(env: Environment = process.env): Servers | undefined {
  if (!env["KEYCLOAK_URL"] && !env["DATABASE_URL"]) return undefined;
  const missing = REQUIRED.filter((name) => !env[name]);
  if (missing.length > 0) {
    const given = REQUIRED.filter((name) => env[name]).join(", ");
    throw new StackError(`${given} given, but not ${missing.join(", ")}: set all of them, or none (see .env.example).`);
  }
  const { KEYCLOAK_URL = "", KEYCLOAK_ADMIN_USERNAME = "", KEYCLOAK_ADMIN_PASSWORD = "", DATABASE_URL = "" } = env;
  return {
    way: "given",
    keycloakUrl: baseUrl("KEYCLOAK_URL", KEYCLOAK_URL),
    managementUrl: env["KEYCLOAK_MANAGEMENT_URL"]
      ? baseUrl("KEYCLOAK_MANAGEMENT_URL", env["KEYCLOAK_MANAGEMENT_URL"])
      : "",
    keycloakAdmin: { username: KEYCLOAK_ADMIN_USERNAME, password: KEYCLOAK_ADMIN_PASSWORD },
    databaseUrl: DATABASE_URL,
    pids: {},
    logs: {},
    stop: async () => {},
  };
}

function baseUrl(name: string, text: string): string {
  if (!URL.canParse(text)) throw new StackError(`${name} is not a URL.`);
  return text.replace(/\/+$/, "");
}

/** Checks that the servers that were given answer. @throws StackError which names the one that does not */
export async function demandAnswers({ keycloakUrl, databaseUrl }: Servers): Promise<void> {
  const keycloak = await fetch(`${keycloakUrl}/realms/master`, { signal: AbortSignal.timeout(10_000) }).catch(
    () => undefined,
  );
  if (!keycloak?.ok) throw new StackError("KEYCLOAK_URL is given, but no Keycloak answers there.");
  await withClient(databaseUrl, (client) => client.query("SELECT 1")).catch(() => {
    throw new StackError("DATABASE_URL is given, but the database can't be reached with it.");
  });
}
