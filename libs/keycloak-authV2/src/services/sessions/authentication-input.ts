import type { AuthenticationResult, ClientDetails } from "../../ports/ports.ts";
import { plainTokens } from "../shared/seal-tokens.ts";
import type { AuthenticationInput } from "./sync-on-authentication.ts";

/**
 * A login that Keycloak accepted.
 * @see {@link authenticationInput}
 */
export type SuccessfulLogin = Extract<AuthenticationResult, { success: true }>;

/**
 * A login at Keycloak as `UserSyncService.syncOnAuthentication` takes it: what its user and its session's row are made of.
 * @param login what `KeycloakIntegrationService.authenticateWithPassword` returned
 * @param client where the request came from, and the store that the person prefers
 * @param at when Keycloak answered
 * @example
 * ```ts
 * import type { KeycloakIntegrationService } from "@libs/keycloak-authV2";
 * import { authenticationInput, type SuccessfulLogin, type UserSyncService } from "@libs/keycloak-authV2/services/sync";
 *
 * export async function logIn(keycloak: KeycloakIntegrationService, sync: UserSyncService, ipAddress: string) {
 *   const result = await keycloak.authenticateWithPassword("ada", "correct-horse-1", { ipAddress });
 *   if (!result.success) throw result.error;
 *   const login: SuccessfulLogin = result;
 *   return sync.syncOnAuthentication(authenticationInput(login, { ipAddress }));
 * }
 * ```
 */
export function authenticationInput(
  login: SuccessfulLogin,
  { storeId, ...client }: ClientDetails & { storeId?: string | undefined } = {},
  at: Date = new Date(),
): AuthenticationInput {
  const { userId, email, username, firstName, lastName, emailVerified, sessionId, tokens } = login;
  return {
    keycloakUserId: userId,
    email,
    username,
    firstName,
    lastName,
    emailVerified,
    storeId,
    sessionData: {
      sessionId,
      keycloakSessionId: tokens.session_state,
      ...plainTokens(tokens, at),
      ...client,
    },
  };
}
