import type { AuthenticationResult, ClientDetails } from "../../ports/ports.ts";
import { plainTokens } from "../shared/seal-tokens.ts";
import type { AuthenticationInput } from "./sync-on-authentication.ts";

export type SuccessfulLogin = Extract<AuthenticationResult, { success: true }>;

/**
 * A login at Keycloak as `UserSyncService.syncOnAuthentication` takes it: what its user and its session's row are made of.
 * @param at when Keycloak answered
 * @example
 * const login = await integration.authenticateWithPassword(username, password, client);
 * if (login.success) await sync.syncOnAuthentication(authenticationInput(login, client));
 */
export function authenticationInput(
  login: SuccessfulLogin,
  { storeId, ...client }: ClientDetails & { storeId?: string | undefined } = {},
  at: Date = new Date(),
): AuthenticationInput {
  const { userId, email, username, firstName, lastName, emailVerified, sessionId, tokens } = login;
  return {
    keycloakUserId: userId,
    ...{ email, username, firstName, lastName, emailVerified, storeId },
    sessionData: {
      sessionId,
      keycloakSessionId: tokens.session_state,
      ...plainTokens(tokens, at),
      ...client,
    },
  };
}
