import type { AuthError } from "@libs/problems";
import type { SessionTokenSet } from "./token-client.ts";

/**
 * Where a request came from.
 * @see {@link KeycloakIntegrationService}
 */
export interface ClientDetails {
  /** The person's address, validated: Keycloak sees it instead of ours. */
  ipAddress?: string | undefined;
  userAgent?: string | undefined;
}

/**
 * What a login may carry besides username and password.
 * @see {@link KeycloakIntegrationService}
 */
export interface AuthenticationOptions extends ClientDetails {
  /** The application's handle for the session to come; default: a random one. */
  sessionId?: string;
  /** One-time password, for users that have one configured. */
  otp?: string | undefined;
}

/**
 * What became of a login.
 * @see {@link KeycloakIntegrationService}
 */
export type AuthenticationResult =
  | {
      success: true;
      userId: string;
      username: string;
      email: string | null;
      firstName: string | null;
      lastName: string | null;
      emailVerified: boolean;
      sessionId: string;
      tokens: SessionTokenSet;
      error?: undefined;
    }
  | { success: false; error: AuthError; tokens?: undefined };

/**
 * PORT: people's logins and sessions at Keycloak, with tokens that are verified. `KeycloakIntegrationService` is its adapter.
 * @see {@link UserSyncService}
 */
export interface KeycloakAuthentication {
  /**
   * Refuses a login or registration at its very beginning when there is no room for it. @throws AuthError
   * `service.overloaded`
   */
  assertRoom(): void;
  /**
   * Never retried. A session of no use is ended.
   * @returns a refusal of the person (`auth.*`) as `{ success: false, error }`
   * @throws AuthError `keycloak.*` when Keycloak could not decide
   */
  authenticateWithPassword(
    username: string,
    password: string,
    options?: AuthenticationOptions,
  ): Promise<AuthenticationResult>;
  /** @throws AuthError `session.refused` (terminal: the session is over) | `keycloak.*` (the session stays) */
  refreshToken(refreshToken: string, client?: ClientDetails): Promise<SessionTokenSet>;
  /** Idempotent. @returns whether Keycloak took the token. @throws AuthError `keycloak.*` */
  logout(refreshToken: string): Promise<boolean>;
}
