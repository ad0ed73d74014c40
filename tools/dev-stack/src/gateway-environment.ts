import { ordersEnvironment } from "./orders-environment.ts";
import type { StackFile } from "./stack-file.ts";

/** What a gateway must know of the stack that it runs on. */
export type GatewayStack = Pick<
  StackFile,
  | "databaseUrl"
  | "databaseDirectUrl"
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
    ...ordersEnvironment(stack, port),
    KEYCLOAK_CLIENT_SECRET: stack.clientSecret,
    TOKEN_ENCRYPTION_KEYS: stack.tokenEncryptionKeys,
  };
}
