/**
 * One person on both sides, for operators: shown, exported, erased, signed out.
 * Invariant: what is erased here is gone from Keycloak before, so that nothing brings it back.
 */
export type { ErasureOptions, ErasureResult } from "./erase-person.ts";
export type { PersonExport } from "./export-person.ts";
export { PersonError, type PersonErrorCode } from "./person-error.ts";
export { PersonService, type PersonServiceOptions, type PersonServiceSetup } from "./person-service.ts";
export { CALLED_AT_MOST, type RevokedSession } from "./revoke-sessions.ts";
export type { PersonView, SessionView } from "./view-person.ts";
