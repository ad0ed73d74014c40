import { AuthError, isAuthError } from "../../errors/index.ts";
import type { AccessTokenClaims, PasswordGrant, SessionTokenSet, TokenClient, TokenVerifier } from "../../ports.ts";

export interface Login {
  userId: string;
  username: string;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  emailVerified: boolean;
  tokens: SessionTokenSet;
}

/**
 * Logs a person in and reads who they are from the verified access token.
 * @throws AuthError `auth.*` | `keycloak.*`; a token that does not verify is the realm's misconfiguration, never the
 *   person's fault
 */
export async function authenticateWithPassword(
  { tokenClient, tokenVerifier }: { tokenClient: TokenClient; tokenVerifier: TokenVerifier },
  grant: PasswordGrant,
): Promise<Login> {
  const tokens = await tokenClient.passwordGrant(grant);
  const claims = await verify(tokenVerifier, tokens.access_token);
  const { sub, username, email, firstName, lastName, emailVerified } = claims;
  return { userId: sub, username, email, firstName, lastName, emailVerified, tokens };
}

async function verify(verifier: TokenVerifier, token: string): Promise<AccessTokenClaims> {
  try {
    return await verifier.verifyAccessToken(token);
  } catch (error) {
    if (!isAuthError(error, "token.invalid")) throw error;
    throw new AuthError("keycloak.misconfigured", { internal: "Keycloak's own token did not verify", cause: error });
  }
}
