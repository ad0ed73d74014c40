export { REGISTRATION_MARK } from "../ports/ports.ts";
export { applyRealm } from "./apply-realm.ts";
export { UnsupportedKeycloakError } from "./demand-supported-keycloak.ts";
export { planRealm } from "./plan-realm.ts";
export type { RealmChange } from "./realm-change.ts";
export type { RealmOptions } from "./realm-options.ts";
