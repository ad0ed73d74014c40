/** The errors of this library: those of `@libs/problems`. */
export {
  AuthError,
  type AuthErrorCode,
  type AuthErrorDetails,
  type CatalogueEntry,
  catalogue,
  type FieldError,
  isAuthError,
} from "@libs/problems";
