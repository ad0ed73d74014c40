import { GRANTED_ROLES } from "../realm/service-account.ts";
import { readClaims } from "../services/sync/token-times.ts";
import type { Access } from "./check-access.ts";
import { clockFindings } from "./check-clock.ts";
import type { DoctorOptions } from "./doctor-options.ts";
import { type Finding, finding } from "./finding.ts";

/** A token's times are whole seconds, rounded down. */
const HALF_A_SECOND_MS = 500;
const SANE_SECONDS = { least: 60, most: 15 * 60 };

interface TokenClaims {
  sub?: string;
  iat?: number;
  aud?: string | string[];
  realm_access?: { roles?: string[] };
  resource_access?: Record<string, { roles?: string[] }>;
}

/** What the gateway client's own access token tells of the client, its service account and Keycloak's clock. */
export function checkToken(
  { keycloak: { clientId, signatureAlgorithm = "RS256" } }: DoctorOptions,
  token: NonNullable<Access["token"]>,
  asked: Access["asked"],
): Finding[] {
  const claims: TokenClaims = readClaims(token.value) ?? {};
  const findings: Finding[] = [];
  if (![claims.aud].flat().includes(clientId)) findings.push(finding("client.audience_missing"));
  if (!claims.sub) findings.push(finding("client.sub_missing"));
  const algorithm = algorithmOf(token.value);
  if (algorithm !== signatureAlgorithm) findings.push(finding("client.algorithm", algorithm));
  // A service account has the realm's default roles: without full scope they stay out.
  const { realm_access: realmRoles, resource_access: clientRoles = {} } = claims;
  if (realmRoles?.roles?.some((role) => role.startsWith("default-roles-") || role === "offline_access"))
    findings.push(finding("client.full_scope_on"));
  findings.push(...roleFindings(clientRoles["realm-management"]?.roles ?? []));
  const seconds = token.expiresInSeconds;
  if (seconds < SANE_SECONDS.least || seconds > SANE_SECONDS.most)
    findings.push(finding("realm.access_token_life", `${seconds} seconds`));
  if (claims.iat !== undefined) {
    const skewMs = claims.iat * 1000 + HALF_A_SECOND_MS - (asked.from + asked.to) / 2;
    const uncertaintyMs = HALF_A_SECOND_MS + (asked.to - asked.from) / 2;
    findings.push(...clockFindings("keycloak", { skewMs, uncertaintyMs }));
  }
  return findings;
}

function roleFindings(held: readonly string[]): Finding[] {
  const missing = GRANTED_ROLES.filter((role) => !held.includes(role));
  // Keycloak lists what a role includes beside it.
  const extra = held.filter((role) => !GRANTED_ROLES.includes(role) && !role.startsWith("query-"));
  return [
    ...(missing.length > 0 ? [finding("service_account.role_missing", missing.join(", "))] : []),
    ...(extra.length > 0 ? [finding("service_account.role_extra", extra.join(", "))] : []),
  ];
}

function algorithmOf(token: string): string {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString("utf8"));
    return String((header as { alg?: unknown } | null)?.alg);
  } catch {
    return "not a JWT";
  }
}
