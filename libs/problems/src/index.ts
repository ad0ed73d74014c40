/** Every error of the libraries: two closed lists, and the classes that carry their codes. */
export { AuthError, type AuthErrorDetails, type FieldError, isAuthError } from "./auth-error.ts";
export { type AuthErrorCode, type CatalogueEntry, catalogue } from "./catalogue.ts";
export { type LibraryErrorCode, libraryCatalogue } from "./library-catalogue.ts";
export { LibraryError } from "./library-error.ts";
export { PROBLEM_TYPE, type ProblemBody, type PublicError, problemResponse } from "./problem-response.ts";
export { SetupError, type SetupErrorCode } from "./setup-error.ts";
