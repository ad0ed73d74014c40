export { applyRealm } from "./apply-realm.ts";
export { REGISTRATION_MARK, type RealmOptions } from "./realm-options.ts";
