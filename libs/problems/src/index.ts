/** Every error that a caller can meet: a closed list, and the one class that carries its codes. */
export { AuthError, type AuthErrorDetails, type FieldError, isAuthError } from "./auth-error.ts";
export { type AuthErrorCode, type CatalogueEntry, catalogue } from "./catalogue.ts";
