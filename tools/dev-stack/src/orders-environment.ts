import { LOOPBACK } from "./base/constants.ts";
import type { GatewayStack } from "./gateway-environment.ts";
import { databaseVariables } from "./pooler/test-pooler.ts";

/** The variables with which the orders service runs on a stack: no Keycloak secret is needed. @param port 0 takes a free one */
export function ordersEnvironment(
  stack: Omit<GatewayStack, "clientSecret" | "tokenEncryptionKeys">,
  port: number,
): Record<string, string> {
  return {
    PORT: String(port),
    HOST: LOOPBACK,
    ...databaseVariables(stack.databaseUrl, stack.databaseDirectUrl),
    KEYCLOAK_URL: stack.keycloakUrl,
    KEYCLOAK_ISSUER: stack.issuer,
    KEYCLOAK_REALM: stack.realm,
    KEYCLOAK_CLIENT_ID: stack.clientId,
    METRICS_TOKEN: stack.metricsToken,
  };
}
