/** Everything that can be wrong with the configuration: a closed list, for the doctor and for checks at the start. */
export { type Finding, finding } from "./finding.ts";
export { type FindingCode, findingCatalogue, type Severity } from "./finding-catalogue.ts";
export { settingFindingCatalogue } from "./setting-finding-catalogue.ts";
export {
  describeVersionSupport,
  FIRST_WITH_EVENTS,
  NEWEST_KEYCLOAK,
  OLDEST_KEYCLOAK,
  printableVersion,
  TESTED_KEYCLOAK,
  type VersionSupport,
  versionSupport,
} from "./version-support.ts";
