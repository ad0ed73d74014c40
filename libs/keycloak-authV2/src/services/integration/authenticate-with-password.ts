import { takeBackOnFailure } from "@libs/observability";
import { AuthError, isAuthError } from "@libs/problems";
import type {
  AccessTokenClaims,
  OpenedSession,
  PasswordGrant,
  SessionTokenSet,
  TokenClient,
  TokenVerifier,
  VerifyOptions,
} from "../../ports/ports.ts";

export interface Login {
  userId: string;
  username: string;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  emailVerified: boolean;
  tokens: SessionTokenSet;
}

export interface AuthenticationDeps {
  tokenClient: TokenClient;
  tokenVerifier: TokenVerifier;
  /** Ends a session that nobody will ever hold, because of `failure`. Returns at once, never throws. */
  endUnrecorded: (session: OpenedSession, failure: unknown) => void;
}

/**
 * Logs a person in and reads who they are from the verified access token. From Keycloak's answer on, whatever fails ends
 * the session that it opened.
 * @throws AuthError `auth.*` | `keycloak.*`; a token that does not verify is the realm's misconfiguration, never the
 *   person's fault
 */
export function authenticateWithPassword(
  { tokenClient, tokenVerifier, endUnrecorded }: AuthenticationDeps,
  grant: PasswordGrant,
): Promise<Login> {
  return takeBackOnFailure(async (onDone) => {
    const tokens = await tokenClient.passwordGrant(grant, (session) =>
      onDone((failure) => endUnrecorded(session, failure)),
    );
    const claims = await verifyOwnToken(tokenVerifier, tokens.access_token);
    const { sub, username, email, firstName, lastName, emailVerified } = claims;
    return { userId: sub, username, email, firstName, lastName, emailVerified, tokens };
  });
}

/**
 * Verifies an access token that Keycloak has just handed out.
 * @throws AuthError `keycloak.misconfigured` for one that no guard would accept | `keycloak.unavailable`
 */
export async function verifyOwnToken(
  verifier: TokenVerifier,
  token: string,
  options?: VerifyOptions,
): Promise<AccessTokenClaims> {
  try {
    return await verifier.verifyAccessToken(token, options);
  } catch (error) {
    if (!isAuthError(error, "token.invalid")) throw error;
    const internal = `an access token from Keycloak is not acceptable: ${error.internal ?? "unknown reason"}`;
    throw new AuthError("keycloak.misconfigured", { internal, cause: error });
  }
}
