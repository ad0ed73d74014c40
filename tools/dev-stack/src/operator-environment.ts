import { gatewayEnvironment } from "./gateway-environment.ts";
import { readStackFile, type StackFile } from "./stack-file.ts";

/** Where Keycloak notifies a gateway of ended sessions. */
export const backchannelLogoutUrl = (gatewayUrl: string): string => `${gatewayUrl}/auth/backchannel-logout`;

/** The variables with which `authctl` works on a stack: the gateway's, and those of who set the realm up. */
export function operatorEnvironment(stack: StackFile): Record<string, string> {
  const { gatewayUrl, keycloakAdmin } = stack;
  return {
    ...gatewayEnvironment(stack, 0),
    KEYCLOAK_ADMIN_USERNAME: keycloakAdmin.username,
    KEYCLOAK_ADMIN_PASSWORD: keycloakAdmin.password,
    KEYCLOAK_SSL_REQUIRED: "none",
    ...(gatewayUrl && { KEYCLOAK_BACKCHANNEL_LOGOUT_URL: backchannelLogoutUrl(gatewayUrl) }),
  };
}

/**
 * For `authctl` on a developer's machine: who names no servers means the running stack's. What is set already stays.
 * @param environment is added to
 * @returns the stack, if it was taken
 */
export function takeRunningStack(
  environment: Record<string, string | undefined>,
  file?: string,
): StackFile | undefined {
  if (["DATABASE_URL", "DATABASE_URL_FILE", "KEYCLOAK_URL"].some((name) => environment[name])) return undefined;
  const stack = readStackFile(file);
  for (const [name, value] of Object.entries(stack ? operatorEnvironment(stack) : {}))
    if (!environment[`${name}_FILE`]) environment[name] ||= value;
  return stack;
}
