/** The adapters that speak to a real Keycloak: the only importers of its admin client and of jose. */
export type { CallObserver } from "./call-observer.ts";
export { createKeycloakAdapters, type KeycloakAdapters } from "./keycloak-adapters.ts";
export { clientCredentials, type KeycloakOptions, keycloakEndpoints } from "./keycloak-options.ts";
export { JoseLogoutTokenVerifier } from "./logout-token-verifier.ts";
export { OpenIdTokenClient } from "./openid-token-client.ts";
export { describeKeycloakFailure, type FailedKeycloakCall } from "./reach/describe-keycloak-failure.ts";
export { type DiagnoseKeycloakOptions, diagnoseKeycloak } from "./reach/diagnose-keycloak.ts";
export { keycloakUrlFault } from "./reach/keycloak-url-fault.ts";
export { readIssuer } from "./read-issuer.ts";
export { checkKeycloak } from "./readiness.ts";
export { RealmKeys } from "./realm-keys.ts";
export { readTokenOptions, type TokenOptions, type TokenVariables } from "./token-options.ts";
export { JoseTokenVerifier } from "./token-verifier.ts";
