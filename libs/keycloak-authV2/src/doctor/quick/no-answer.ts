import { isAuthError } from "../../errors/index.ts";
import { mapError } from "../../keycloak/map-error.ts";
import { type Finding, finding } from "../finding.ts";

/** An outage as a finding. @throws whatever is none */
export function noAnswer(error: unknown): Finding {
  const mapped = mapError(error, "check");
  if (!isAuthError(mapped, "keycloak.unavailable", "keycloak.timeout")) throw mapped;
  return finding("keycloak.unreachable", (mapped.internal ?? mapped.code).replace(/^check: /, ""));
}

/** Statuses of a server that is there and can't answer now; anything else unexpected is no Keycloak's. */
export const isOutage = (status: number): boolean => status >= 500 || status === 429;
