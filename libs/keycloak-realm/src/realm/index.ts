export { REGISTRATION_MARK } from "@libs/keycloak-authV2/keycloak/admin";
export { applyRealm } from "./apply-realm.ts";
export { UnsupportedKeycloakError } from "./demand-supported-keycloak.ts";
export { planRealm } from "./plan-realm.ts";
export type { RealmChange } from "./realm-change.ts";
export type { RealmOptions } from "./realm-options.ts";
