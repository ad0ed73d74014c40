export {
  type AuthenticationOptions,
  type AuthenticationResult,
  type ClientDetails,
  KeycloakIntegrationService,
} from "./keycloak-integration-service.ts";
