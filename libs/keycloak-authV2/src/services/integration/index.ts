export {
  type FacadeParts,
  type IntegrationOptions,
  type IntegrationSetup,
  KeycloakIntegrationService,
} from "./keycloak-integration-service.ts";
