import type { KeycloakCheck } from "@libs/keycloak-authV2/startup-check";
import { type Finding, finding } from "@libs/problems/findings";
import { isPowerful } from "./powerful-roles.ts";

const SANE_SECONDS = { least: 60, most: 15 * 60 };

/** What the gateway client's own access token shows beside what the gateway itself checks: too much, for too long. */
export function checkToken(token: NonNullable<KeycloakCheck["token"]>): Finding[] {
  const findings: Finding[] = [];
  // A service account has the realm's default roles: without full scope they stay out. (`offline_access`, one of them, also
  // comes in by the client scope of that name.)
  const { realm_access: realmRoles, resource_access: clientRoles = {} } = token.claims;
  if (realmRoles?.roles?.some((role) => role.startsWith("default-roles-")))
    findings.push(finding("client.full_scope_on"));
  findings.push(...extraRoles(clientRoles["realm-management"]?.roles ?? []));
  const seconds = token.expiresInSeconds;
  if (seconds < SANE_SECONDS.least || seconds > SANE_SECONDS.most)
    findings.push(finding("realm.access_token_life", `${seconds} seconds`));
  return findings;
}

function extraRoles(held: readonly string[]): Finding[] {
  const extra = held.filter(isPowerful);
  return extra.length > 0 ? [finding("service_account.role_extra", extra.join(", "))] : [];
}
