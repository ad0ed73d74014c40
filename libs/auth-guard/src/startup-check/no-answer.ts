import { isAuthError } from "@libs/problems";
import { type Finding, finding } from "@libs/problems/findings";
import { mapError } from "../keycloak/map-error.ts";

/**
 * An outage of Keycloak as a finding.
 * @param error what the call threw
 * @throws AuthError for whatever is no outage
 * @example
 * ```ts
 * import { getJson } from "@libs/auth-guard/keycloak";
 * import { isOutage, noAnswer } from "@libs/auth-guard/startup-check";
 *
 * try {
 *   const { status } = await getJson("http://keycloak:8080/realms/app", 3000);
 *   console.log(isOutage(status) ? "Keycloak is down" : "Keycloak answers");
 * } catch (error) {
 *   console.warn(noAnswer(error).todo);
 * }
 * ```
 */
export function noAnswer(error: unknown): Finding {
  const mapped = mapError(error, "check");
  if (!isAuthError(mapped, "keycloak.unavailable", "keycloak.timeout")) throw mapped;
  return finding("keycloak.unreachable", (mapped.internal ?? mapped.code).replace(/^check: /, ""));
}

/**
 * An outage of Keycloak as a finding, for a check that leaves every other failure to other checks: it has seen nothing,
 * which is no pass.
 * @param error what the call threw
 * @returns empty where it is no outage
 * @example
 * ```ts
 * import { getJson } from "@libs/auth-guard/keycloak";
 * import { outageAlone } from "@libs/auth-guard/startup-check";
 *
 * export const findings = await getJson("http://keycloak:8080/realms/app", 3000).then(() => [], outageAlone);
 * ```
 */
export function outageAlone(error: unknown): Finding[] {
  const mapped = mapError(error, "check");
  const isAway = isAuthError(mapped, "keycloak.unavailable", "keycloak.timeout") && !mapped.answered;
  return isAway ? [noAnswer(mapped)] : [];
}

/**
 * Statuses of a server that is there and can't answer now; anything else unexpected is no Keycloak's.
 * @param status number of the HTTP status
 * @see {@link noAnswer}
 */
export const isOutage = (status: number): boolean => status >= 500 || status === 429;
