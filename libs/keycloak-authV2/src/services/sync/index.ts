/**
 * Keeping Keycloak and the application's database in step.
 * Invariant: no user and no session lives on one side alone, except in the moments that `registrations` remembers.
 */
export type { BulkSyncResult } from "./bulk-sync-users.ts";
export type { BusinessReferences } from "./check-references.ts";
export type { UserSyncOptions } from "./create-sync-deps.ts";
export type { RegisterUserInput } from "./register-user.ts";
export type { PlainTokens } from "./seal-tokens.ts";
export type { AuthenticatedSession, AuthenticationInput } from "./sync-on-authentication.ts";
export { type RegisterUserResult, UserSyncService } from "./user-sync-service.ts";
