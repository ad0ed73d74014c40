import type { CatalogueEntry } from "./catalogue.ts";
import { libraryCatalogue } from "./library-catalogue.ts";
import { LibraryError } from "./library-error.ts";

/**
 * A code of {@link SetupError}.
 * @see {@link SetupError}
 */
export type SetupErrorCode =
  | "setup.missing"
  | "setup.invalid"
  | "setup.secret_file"
  | "setup.key_ring"
  | "guard.invalid"
  | "guard.missing"
  | "access.permission_invalid"
  | "events.subscriber_invalid";

/**
 * A setting, an option or a declaration that can't be used. `message` says what is wrong, without any part of a secret.
 * @example
 * ```ts
 * import { SetupError, type SetupErrorCode } from "@libs/problems";
 *
 * const code: SetupErrorCode = "setup.missing";
 * const url = process.env.KEYCLOAK_URL;
 * if (!url) throw new SetupError(code, "KEYCLOAK_URL is not set");
 * ```
 */
export class SetupError extends LibraryError<SetupErrorCode> {
  override readonly name: string = "SetupError";

  constructor(
    readonly code: SetupErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get entry(): CatalogueEntry {
    return libraryCatalogue[this.code];
  }

  /** For the log: there is nothing in the message that may not be logged. */
  get internal(): string {
    return this.message;
  }
}
