export type { KeycloakAdapters, KeycloakOptions } from "../../keycloak/index.ts";
export {
  type AuthenticationOptions,
  type AuthenticationResult,
  type ClientDetails,
  KeycloakIntegrationService,
} from "./keycloak-integration-service.ts";
