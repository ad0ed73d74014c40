/** What can be seen in a moment: whether a service of this configuration can do its work. Changes nothing. */

export type { GuardCheckOptions, QuickOptions } from "@libs/auth-guard/startup-check";
export {
  type ConfigurationProblem,
  ConfigurationWatch,
  type ConfigurationWatchOptions,
  checkGuard,
} from "@libs/auth-guard/startup-check";
export type { Finding, FindingCode } from "@libs/problems/findings";
export { checkGateway } from "./check-gateway.ts";
export { checkKeycloak, type KeycloakCheck } from "./check-keycloak.ts";
export type { OwnTokenClaims } from "./check-own-token.ts";
export type { GatewayCheckOptions } from "./gateway-check-options.ts";
export { GATEWAY_RIGHTS } from "./gateway-rights.ts";
export { PersonTokens } from "./person-tokens.ts";
export { ServerVersion } from "./server-version.ts";
