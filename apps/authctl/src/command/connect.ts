import { createDatabase, type PrismaClient } from "@libs/database";
import { KeycloakIntegrationService } from "@libs/keycloak-authV2";
import { createMetricsRegistry, type Registry } from "@libs/observability";
import { type Environment, readVariables } from "../input/read-variables.ts";
import { gatewayVariables } from "./common-variables.ts";

export interface Connection {
  database: PrismaClient;
  integration: KeycloakIntegrationService;
  registry: Registry;
}

/** Of one command. */
const POOL_SIZE = 6;
/** Statements over a page of users take longer than those of a login. */
const QUERY_TIMEOUT_MS = 30_000;
const KEYCLOAK_TIMEOUT_MS = 30_000;

/**
 * Lends `work` the gateway's database and realm, and lets go of them.
 * @throws UsageError where variables are missing
 */
export async function withConnection<T>(environment: Environment, work: (to: Connection) => Promise<T>): Promise<T> {
  const given = readVariables(gatewayVariables, environment);
  const registry = createMetricsRegistry();
  const database = createDatabase(given.DATABASE_URL, {
    poolSize: POOL_SIZE,
    queryTimeoutMs: QUERY_TIMEOUT_MS,
    applicationName: "authctl",
  });
  try {
    const integration = KeycloakIntegrationService.create({
      keycloak: {
        url: given.KEYCLOAK_URL,
        realm: given.KEYCLOAK_REALM,
        clientId: given.KEYCLOAK_CLIENT_ID,
        clientSecret: given.KEYCLOAK_CLIENT_SECRET,
        timeoutMs: KEYCLOAK_TIMEOUT_MS,
      },
      database,
      metrics: registry,
    });
    return await work({ database, integration, registry });
  } finally {
    await database.$disconnect();
  }
}
