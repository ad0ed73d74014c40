import { createLocalJWKSet, type JSONWebKeySet } from "jose";
import type { TokenKeys } from "../keycloak/access-token-verifier.ts";

/**
 * A fixed set of keys, for tests.
 * @param set a JSON Web Key Set (RFC 7517 §5)
 * @example
 * ```ts
 * import { JoseGuardTokenVerifier } from "@libs/auth-guard/keycloak";
 * import { createTestAuth, keysFromSet } from "@libs/auth-guard/testing";
 *
 * const { issuer, clientId, jwks, logIn } = await createTestAuth();
 * const rules = { issuer, audience: clientId, authorizedParties: [clientId], algorithms: ["RS256"] as const };
 * const { token } = await logIn();
 * export const { sub } = await new JoseGuardTokenVerifier(keysFromSet(jwks), rules).verify(token);
 * ```
 */
export function keysFromSet(set: object): TokenKeys {
  const { keys } = set as JSONWebKeySet;
  const verify = createLocalJWKSet({ keys });
  return { find: async (kid) => (keys.some((key) => key.kid === kid) ? verify : undefined) };
}
