import type { CatalogueEntry } from "./catalogue.ts";

/**
 * The base of every error that a public function of the libraries throws: one class to catch, with a stable `code` to
 * switch on. `AuthError` is the one that callers of a service meet; the others are for whoever sets the libraries up or
 * operates them.
 * @example
 * ```ts
 * import { LibraryError, type LibraryErrorCode, libraryCatalogue, SetupError } from "@libs/problems";
 *
 * const missing: LibraryErrorCode = "setup.missing";
 *
 * export function describe(error: unknown): string {
 *   if (error instanceof SetupError && error.code === missing) return libraryCatalogue[missing].hint;
 *   return error instanceof LibraryError ? `${error.code} (${error.status}): ${error.message}` : "a defect";
 * }
 * ```
 */
export abstract class LibraryError<Code extends string = string> extends Error {
  /** `area.reason`, stable: see docs/errors.md. */
  abstract readonly code: Code;
  abstract readonly entry: CatalogueEntry;

  /** The HTTP status that fits, for a service that answers with it. */
  get status(): number {
    return this.entry.status;
  }
}
