/** Keycloak and the application's own database, kept in step. The sync flows: `@libs/keycloak-authV2/services/sync`. */

export { KeyRingError, keyRingFault, parseKeyRing } from "./crypto/index.ts";
export { AuthError, type AuthErrorCode, catalogue, type FieldError, isAuthError } from "./errors/index.ts";
export { isInternalAddress } from "./internal-address.ts";
export type { KeycloakAdapters, KeycloakOptions } from "./keycloak/index.ts";
export * from "./ports/ports.ts";
export { DEFAULT_USER_PROFILE, isBuiltIn, type ProfileAttribute, type UserProfile } from "./ports/user-profile.ts";
export type { ProtectionOptions } from "./protection/index.ts";
export * from "./services/integration/index.ts";
export * from "./services/sync/index.ts";
export * from "./workers/index.ts";
