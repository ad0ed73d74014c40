/** What the realm's set-up and the doctor (`@libs/keycloak-realm`) need of Keycloak's admin REST API. */

export { REGISTRATION_MARK } from "../ports/ports.ts";
export type { AdminApi } from "./calls/admin-api.ts";
export { type AdminApiAccess, createAdminApi } from "./calls/create-admin-api.ts";
export { readUserProfile } from "./read-user-profile.ts";
export { probeServer } from "./server/probe-server.ts";
export { readEventTypes } from "./server/read-event-types.ts";
export { readServerVersion } from "./server/read-server-version.ts";
export { storedEventTypes, unwantedEventTypes } from "./stored-event-types.ts";
