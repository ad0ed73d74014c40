import { type AuthErrorCode, type CatalogueEntry, catalogue } from "./catalogue.ts";
import { LibraryError } from "./library-error.ts";

/** One broken rule of the input. `message` states the rule, never the submitted value. */
export interface FieldError {
  /** Dotted path, `""` for the whole body. */
  path: string;
  message: string;
}

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
 *
 * @example
 * try { await integration.refreshToken(token) }
 * catch (error) { if (isAuthError(error, "session.refused")) logIn() }
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

/** Narrows to an {@link AuthError}, of any of the codes if some are given. */
export function isAuthError(error: unknown, ...codes: AuthErrorCode[]): error is AuthError {
  return error instanceof AuthError && (codes.length === 0 || codes.includes(error.code));
}
