import { LOOPBACK } from "./constants.ts";
import type { StackFile } from "./stack-file.ts";

/** What a gateway must know of the stack that it runs on. */
export type GatewayStack = Pick<
  StackFile,
  | "databaseUrl"
  | "keycloakUrl"
  | "issuer"
  | "realm"
  | "clientId"
  | "clientSecret"
  | "tokenEncryptionKeys"
  | "metricsToken"
>;

/** The variables with which a gateway runs on a stack. @param port 0 takes a free one */
export function gatewayEnvironment(stack: GatewayStack, port: number): Record<string, string> {
  return {
    PORT: String(port),
    HOST: LOOPBACK,
    DATABASE_URL: stack.databaseUrl,
    KEYCLOAK_URL: stack.keycloakUrl,
    KEYCLOAK_ISSUER: stack.issuer,
    KEYCLOAK_REALM: stack.realm,
    KEYCLOAK_CLIENT_ID: stack.clientId,
    KEYCLOAK_CLIENT_SECRET: stack.clientSecret,
    TOKEN_ENCRYPTION_KEYS: stack.tokenEncryptionKeys,
    METRICS_TOKEN: stack.metricsToken,
  };
}
