import type { FieldError } from "./auth-error.ts";
import type { CatalogueEntry } from "./catalogue.ts";

/**
 * What a caller may learn of an error. `AuthError` has this shape, and so has every error of a service's own catalogue.
 * @see {@link problemResponse}
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
 * An error's answer (RFC 9457). `code` is the stable part that programs switch on.
 * @see {@link problemResponse}
 */
export interface ProblemBody {
  type: string;
  title: string;
  /** HTTP status. */
  status: number;
  code: string;
  detail: string;
  requestId: string;
  errors?: FieldError[];
  actionUrl?: string;
}

/**
 * The content type of {@link problemResponse}.
 * @see {@link problemResponse}
 */
export const PROBLEM_TYPE = "application/problem+json";

/**
 * The answer to a caller: the catalogue's public texts, never a submitted value, never an internal text. The one writer of
 * problem details.
 * @param error an `AuthError`, or one of a service's own
 * @param requestId the caller quotes it to support
 * @param headers beside those of the error itself
 * @see https://www.rfc-editor.org/rfc/rfc9457
 * @example
 * ```ts
 * import { AuthError, PROBLEM_TYPE, type ProblemBody, type PublicError, problemResponse } from "@libs/problems";
 *
 * const ended: PublicError = new AuthError("session.ended");
 * const response = problemResponse(ended, "request-1");
 * const body = (await response.json()) as ProblemBody;
 * console.log(response.headers.get("content-type") === PROBLEM_TYPE, body.status, body.code); // true 401 "session.ended"
 * ```
 */
export function problemResponse(error: PublicError, requestId: string, headers: Record<string, string> = {}): Response {
  const { code, entry, errors, actionUrl } = error;
  const { status, title, hint, retryAfterSeconds } = entry;
  const problem: ProblemBody = {
    type: `urn:problem-type:${code}`,
    title,
    status,
    code,
    detail: hint,
    requestId,
    ...(errors && { errors }),
    ...(actionUrl && { actionUrl }),
  };
  return new Response(JSON.stringify(problem), {
    status,
    headers: {
      "content-type": PROBLEM_TYPE,
      ...(retryAfterSeconds !== undefined && { "retry-after": String(retryAfterSeconds) }),
      // RFC 9110 §15.5.2: a 401 names a scheme.
      ...(status === 401 && { "www-authenticate": "Bearer" }),
      ...error.headers,
      ...headers,
    },
  });
}
