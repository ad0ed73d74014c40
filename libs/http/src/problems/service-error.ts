import {
  type AuthError,
  type CatalogueEntry,
  type FieldError,
  isAuthError,
  LibraryError,
  type PublicError,
} from "@libs/problems";

/**
 * An error of a service's own catalogue: it leaves as problem details, like those of the libs.
 * @see {@link problemsIn}
 */
export class ServiceError<Code extends string = string> extends LibraryError<Code> implements PublicError {
  override readonly name: string = "ServiceError";
  readonly errors: FieldError[] | undefined;

  /** @param entry public text and status of `code` */
  constructor(
    readonly code: Code,
    readonly entry: CatalogueEntry,
    details: { errors?: FieldError[]; cause?: unknown } = {},
  ) {
    super(entry.title, details.cause === undefined ? undefined : { cause: details.cause });
    this.errors = details.errors;
  }
}

/** Recognised by class: any error can carry a `code`. */
export function isPublicError(error: unknown): error is AuthError | ServiceError {
  return isAuthError(error) || error instanceof ServiceError;
}
