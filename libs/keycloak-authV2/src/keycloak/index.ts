/** The adapters that speak to a real Keycloak: the only importers of its admin client and of jose. */
export {
  clientCredentials,
  type KeycloakOptions,
  keycloakEndpoints,
  readIssuer,
  readTokenOptions,
  type TokenOptions,
  type TokenVariables,
} from "@libs/auth-guard/keycloak";
export {
  type DiagnoseKeycloakOptions,
  describeKeycloakFailure,
  diagnoseKeycloak,
  type FailedKeycloakCall,
  keycloakUrlFault,
} from "@libs/auth-guard/reach";
export type { CallObserver } from "./calls/call-observer.ts";
export { createKeycloakAdapters, type KeycloakAdapters } from "./keycloak-adapters.ts";
