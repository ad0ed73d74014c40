/** What the doctor sees in a moment: whether a service of this configuration can do its work. Changes nothing. */
export type { Finding } from "../finding.ts";
export type { FindingCode } from "../finding-catalogue.ts";
export { checkGateway } from "./check-gateway.ts";
export { checkGuard } from "./check-guard.ts";
export {
  type ConfigurationProblem,
  ConfigurationWatch,
  type ConfigurationWatchOptions,
} from "./configuration-watch.ts";
export { GATEWAY_RIGHTS } from "./gateway-rights.ts";
export { PersonTokens } from "./person-tokens.ts";
export type { GatewayCheckOptions, GuardCheckOptions, QuickOptions } from "./quick-options.ts";
export { ServerVersion } from "./server-version.ts";
