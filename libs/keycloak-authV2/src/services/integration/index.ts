export {
  type AuthenticationOptions,
  type AuthenticationResult,
  type ClientDetails,
  type IntegrationAdapters,
  KeycloakIntegrationService,
  type KeycloakOptions,
} from "./keycloak-integration-service.ts";
