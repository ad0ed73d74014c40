/** What is wrong where Keycloak can't be reached, in words for an operator. */
export { describeKeycloakFailure, type FailedKeycloakCall } from "./describe-keycloak-failure.ts";
export { type DiagnoseKeycloakOptions, diagnoseKeycloak } from "./diagnose-keycloak.ts";
export { keycloakUrlFault } from "./keycloak-url-fault.ts";
