export {
  type AuthenticationOptions,
  type AuthenticationResult,
  type ClientDetails,
  type FacadeParts,
  type IntegrationOptions,
  type IntegrationSetup,
  KeycloakIntegrationService,
} from "./keycloak-integration-service.ts";
