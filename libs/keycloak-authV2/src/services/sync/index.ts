/**
 * Keeping Keycloak and the application's database in step.
 * Invariant: no user and no session lives on one side alone, except in the moments that `registrations` remembers.
 */

export type { BulkSyncResult } from "../reconcile/bulk-sync-users.ts";
export type { RegisterUserInput } from "../registration/register-user.ts";
export { authenticationInput, type SuccessfulLogin } from "../sessions/authentication-input.ts";
export type { LoggedIn, LoginInput, LoginOptions, LoginProtection } from "../sessions/login.ts";
export type { AuthenticatedSession, AuthenticationInput } from "../sessions/sync-on-authentication.ts";
export type { PlainTokens } from "../shared/seal-tokens.ts";
export type { UserSyncOptions, UserSyncSetup } from "./create-sync-deps.ts";
export { type RegisterUserResult, UserSyncService } from "./user-sync-service.ts";
