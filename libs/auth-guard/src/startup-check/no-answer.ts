import { isAuthError } from "@libs/problems";
import { type Finding, finding } from "@libs/problems/findings";
import { mapError } from "../keycloak/map-error.ts";

/** An outage as a finding. @throws whatever is none */
export function noAnswer(error: unknown): Finding {
  const mapped = mapError(error, "check");
  if (!isAuthError(mapped, "keycloak.unavailable", "keycloak.timeout")) throw mapped;
  return finding("keycloak.unreachable", (mapped.internal ?? mapped.code).replace(/^check: /, ""));
}

/** The same, for a check that leaves whatever else fails to other checks: it has seen nothing, which is no pass. */
export function outageAlone(error: unknown): Finding[] {
  const mapped = mapError(error, "check");
  const isAway = isAuthError(mapped, "keycloak.unavailable", "keycloak.timeout") && !mapped.answered;
  return isAway ? [noAnswer(mapped)] : [];
}

/** Statuses of a server that is there and can't answer now; anything else unexpected is no Keycloak's. */
export const isOutage = (status: number): boolean => status >= 500 || status === 429;
