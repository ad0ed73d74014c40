import { randomUUID } from "node:crypto";
import { isAuthError } from "@libs/problems";
import type { AuthenticationOptions, AuthenticationResult, KeycloakAuthentication } from "../ports/ports.ts";
import type { InMemoryKeycloak } from "./in-memory-keycloak.ts";

/** FAKE of logins and sessions at Keycloak, as `KeycloakIntegrationService` has them. */
export class InMemoryAuthentication implements KeycloakAuthentication {
  readonly #keycloak: InMemoryKeycloak;

  constructor(keycloak: InMemoryKeycloak) {
    this.#keycloak = keycloak;
  }

  assertRoom(): void {}

  async authenticateWithPassword(
    username: string,
    password: string,
    { sessionId = randomUUID(), otp }: AuthenticationOptions = {},
  ): Promise<AuthenticationResult> {
    const { tokenClient, tokenVerifier } = this.#keycloak;
    try {
      const tokens = await tokenClient.passwordGrant({ username, password, ...(otp !== undefined && { otp }) });
      const { sub: userId, ...claims } = await tokenVerifier.verifyAccessToken(tokens.access_token);
      const { email, firstName, lastName, emailVerified } = claims;
      const person = { username: claims.username, email, firstName, lastName, emailVerified };
      return { success: true, userId, ...person, sessionId, tokens };
    } catch (error) {
      if (isAuthError(error) && error.code.startsWith("auth.")) return { success: false, error };
      throw error;
    }
  }

  refreshToken(refreshToken: string) {
    return this.#keycloak.tokenClient.refresh(refreshToken);
  }

  logout(refreshToken: string): Promise<boolean> {
    return this.#keycloak.tokenClient.logout(refreshToken);
  }
}
