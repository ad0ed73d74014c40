export { AuthError, type AuthErrorDetails, type FieldError, isAuthError } from "./auth-error.ts";
export { type AuthErrorCode, type CatalogueEntry, catalogue } from "./catalogue.ts";
