/** How a service reaches Keycloak, and what a realm publishes: its issuer, its keys, its tokens' rules. */
export {
  type AccessTokenPayload,
  CLOCK_TOLERANCE_SECONDS,
  personOf,
  readAccessTokenClaims,
  rolesOf,
} from "./access-token-claims.ts";
export { type AccessTokenRules, AccessTokenVerifier, type TokenKeys } from "./access-token-verifier.ts";
export { getJson, type JsonAnswer } from "./get-json.ts";
export { type GuardTokenRules, JoseGuardTokenVerifier } from "./guard-token-verifier.ts";
export {
  type ConnectionChoice,
  KeycloakConnections,
  keycloakConnections,
  OWN_CONNECTION,
} from "./keycloak-connections.ts";
export {
  accountUrl,
  clientCredentials,
  DEFAULT_TIMEOUT_MS,
  type KeycloakEndpoints,
  type KeycloakOptions,
  keycloakEndpoints,
} from "./keycloak-options.ts";
export { mapError, mapStatus } from "./map-error.ts";
export { PublishedGuardKeys, type PublishedGuardKeysOptions } from "./published-guard-keys.ts";
export { PublishedKeys, type PublishedKeysOptions } from "./published-keys.ts";
export { readIssuer } from "./read-issuer.ts";
export { fixedIssuer, type IssuerSource, RealmIssuer, withCurrentIssuer } from "./realm-issuer.ts";
export {
  acceptedAlgorithms,
  isSignatureAlgorithm,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
  type SignatureOptions,
} from "./signature-algorithms.ts";
export { readTokenOptions, type TokenOptions, type TokenVariables } from "./token-options.ts";
export { type JwtRules, verifyJwt } from "./verify-jwt.ts";
