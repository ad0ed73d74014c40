import { type AuthErrorCode, type CatalogueEntry, catalogue } from "./catalogue.ts";
import { LibraryError } from "./library-error.ts";

/**
 * One broken rule of the input. `message` states the rule, never the submitted value.
 * @see {@link AuthError}
 */
export interface FieldError {
  /** Dotted path, `""` for the whole body. */
  path: string;
  message: string;
}

/**
 * What an {@link AuthError} carries besides its code.
 * @see {@link AuthError}
 */
export interface AuthErrorDetails {
  /** For the log alone: what happened, without secrets. */
  internal?: string;
  errors?: FieldError[];
  /** Where a pending action can be done (`auth.action_required`). */
  actionUrl?: string;
  /** The call that failed was held back before it was sent, so nothing can have come of it. */
  neverSent?: boolean;
  /** An answer came, about this one call: it says nothing against Keycloak being there for others. */
  answered?: boolean;
  /** Keycloak refuses a refresh token because it has replaced it before. */
  replaced?: boolean;
  cause?: unknown;
}

/**
 * The error that callers of a service meet. Switch on `code`, never on a message. `message` is the catalogue's public title;
 * `internal` and `cause` are for logs and are left out of JSON.
 * @example
 * ```ts
 * import { AuthError, type AuthErrorDetails, type FieldError } from "@libs/problems";
 *
 * const errors: FieldError[] = [{ path: "email", message: "must be an email address" }];
 * const details: AuthErrorDetails = { errors, internal: "for the log alone" };
 * const error = new AuthError("input.invalid", details);
 * console.log(error.status, JSON.stringify(error)); // 400, without `internal`
 * ```
 */
export class AuthError extends LibraryError<AuthErrorCode> {
  override readonly name = "AuthError";
  readonly errors: FieldError[] | undefined;
  readonly actionUrl: string | undefined;
  readonly internal: string | undefined;
  readonly neverSent: boolean;
  readonly answered: boolean;
  readonly replaced: boolean;

  constructor(
    readonly code: AuthErrorCode,
    details: AuthErrorDetails = {},
  ) {
    super(catalogue[code].title, details.cause === undefined ? undefined : { cause: details.cause });
    this.errors = details.errors;
    this.actionUrl = details.actionUrl;
    this.internal = details.internal;
    this.neverSent = details.neverSent ?? false;
    this.answered = details.answered ?? false;
    this.replaced = details.replaced ?? false;
  }

  /** Whether the code and `internal`, or the cause, say all that a stack could: then the log has none. */
  get causeKnown(): boolean {
    const cause = this.cause as { causeKnown?: unknown } | null | undefined;
    return this.code !== "internal.error" || cause?.causeKnown === true;
  }

  get entry(): CatalogueEntry {
    return catalogue[this.code];
  }

  /** What a caller may see. */
  toJSON(): { code: AuthErrorCode; message: string; errors?: FieldError[]; actionUrl?: string } {
    return {
      code: this.code,
      message: this.message,
      ...(this.errors && { errors: this.errors }),
      ...(this.actionUrl && { actionUrl: this.actionUrl }),
    };
  }
}

/**
 * Narrows to an {@link AuthError}, of any of the codes if some are given.
 * @param error whatever was thrown
 * @param codes left out: any
 * @example
 * ```ts
 * import { type AuthErrorCode, isAuthError } from "@libs/problems";
 *
 * const worthARetry: AuthErrorCode[] = ["keycloak.unavailable", "database.unavailable"];
 *
 * export function describe(error: unknown): string {
 *   if (isAuthError(error, ...worthARetry)) return "again in a moment";
 *   return isAuthError(error) ? error.code : "a defect";
 * }
 * ```
 */
export function isAuthError(error: unknown, ...codes: AuthErrorCode[]): error is AuthError {
  return error instanceof AuthError && (codes.length === 0 || codes.includes(error.code));
}
