export { REGISTRATION_MARK } from "../ports.ts";
export { applyRealm } from "./apply-realm.ts";
export type { RealmOptions } from "./realm-options.ts";
