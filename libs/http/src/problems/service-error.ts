import { type AuthError, type CatalogueEntry, type FieldError, isAuthError } from "@libs/problems";

/**
 * What a caller may learn of an error. `AuthError` has this shape, and so has every {@link ServiceError}.
 * @see {@link problemsIn}
 */
export interface PublicError {
  /** `area.reason`, stable. */
  code: string;
  entry: CatalogueEntry;
  errors?: FieldError[] | undefined;
  actionUrl?: string | undefined;
  /** Further headers of the answer, such as `RateLimit`. */
  headers?: Record<string, string> | undefined;
}

/**
 * An error of a service's own catalogue: it leaves as problem details, like those of the libs.
 * @see {@link problemsIn}
 */
export class ServiceError<Code extends string = string> extends Error implements PublicError {
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

/** Told by class: any error can carry a `code`. */
export function isPublicError(error: unknown): error is AuthError | ServiceError {
  return isAuthError(error) || error instanceof ServiceError;
}
