import { AuthError, type AuthErrorCode } from "@libs/problems";
import { errorCode } from "./error-code.ts";

/** As Keycloak's admin client throws it; by its shape, because a guard has no such client. */
interface RefusedCall extends Error {
  response: { status: number };
  responseData?: unknown;
}

const isRefusal = (error: unknown): error is RefusedCall =>
  error instanceof Error && typeof (error as Partial<RefusedCall>).response?.status === "number";

/**
 * Turns whatever a call to Keycloak threw into an {@link AuthError}. The internal text is made of the operation, the
 * status and Keycloak's own error *key*; never of a message, which may quote what was sent.
 * @param error of `fetch`, of Keycloak's admin client, or an {@link AuthError}, which is returned as it is
 * @param operation the name that logs and metrics use
 * @example
 * ```ts
 * import { getJson, mapError, mapStatus } from "@libs/auth-guard/keycloak";
 *
 * const { status, json } = await getJson("http://keycloak:8080/realms/app", 3000).catch((error) => {
 *   throw mapError(error, "realm.page"); // keycloak.unavailable, keycloak.timeout
 * });
 * if (status !== 200) throw mapStatus(status, "realm.page"); // 401, 403 and 404: keycloak.misconfigured
 * export const page = json;
 * ```
 */
export function mapError(error: unknown, operation: string): AuthError {
  if (error instanceof AuthError) return error;
  if (isRefusal(error)) return mapStatus(error.response.status, operation, error);
  const { name, code } = describe(error);
  if (name === "TimeoutError" || name === "AbortError") {
    return new AuthError("keycloak.timeout", { internal: `${operation}: no answer in time` });
  }
  const neverSent = code !== undefined && NOT_CONNECTED.has(code);
  return new AuthError("keycloak.unavailable", { internal: `${operation}: ${code ?? name}`, neverSent });
}

/** There was no connection to send anything on. */
const NOT_CONNECTED: ReadonlySet<string> = new Set(["ECONNREFUSED", "ConnectionRefused", "ENOTFOUND", "EAI_AGAIN"]);

/**
 * The {@link AuthError} for an HTTP status of Keycloak's that was not expected.
 * @param status number of the HTTP status
 * @param operation the name that logs and metrics use
 * @param cause what Keycloak's admin client threw, for its error key
 * @returns the error for an answer that no caller has a better reading of
 * @see {@link mapError}
 */
export function mapStatus(status: number, operation: string, cause?: RefusedCall): AuthError {
  const key = errorKey(cause);
  // Keycloak's own 500 is about what was asked, one broken user for example. Any other 5xx is no answer of Keycloak's.
  const answered = status === 500 && key !== "";
  return new AuthError(codeOf(status), { internal: `${operation}: HTTP ${status}${key}`, answered });
}

function codeOf(status: number): AuthErrorCode {
  if (status === 401 || status === 403 || status === 404) return "keycloak.misconfigured";
  if (status >= 500 || status === 429) return "keycloak.unavailable";
  return "internal.error";
}

/** Keycloak's error keys are fixed words (`error-invalid-email`, `invalid_client`); anything with a blank is prose. */
function errorKey(error: RefusedCall | undefined): string {
  const data = error?.responseData;
  if (typeof data !== "object" || data === null) return "";
  for (const field of ["error", "errorMessage"]) {
    const value: unknown = Reflect.get(data, field);
    if (typeof value === "string" && /^[\w.-]{1,60}$/.test(value)) return ` ${value}`;
  }
  return "";
}

function describe(error: unknown): { name: string; code: string | undefined } {
  if (!(error instanceof Error)) return { name: typeof error, code: undefined };
  return { name: error.name, code: errorCode(error) };
}
