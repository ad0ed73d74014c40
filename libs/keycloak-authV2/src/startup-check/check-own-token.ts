import type { KeycloakOptions } from "@libs/auth-guard/keycloak";
import {
  acceptedAlgorithms,
  fixedIssuer,
  JoseGuardTokenVerifier,
  PublishedGuardKeys,
  PublishedKeys,
} from "@libs/auth-guard/keycloak";
import { clockFindings } from "@libs/auth-guard/startup-check";
import { type AuthError, isAuthError } from "@libs/problems";
import { type Finding, finding } from "@libs/problems/findings";
import { keycloakEndpoints } from "../keycloak/index.ts";
import { readClaims } from "../services/shared/token-times.ts";
import type { ClientAccess } from "./check-client.ts";

/** A token's times are whole seconds, rounded down. */
const HALF_A_SECOND_MS = 500;

/**
 * What the checks read in the client's own access token.
 * @see {@link checkKeycloak}
 */
export interface OwnTokenClaims {
  iss?: string;
  sub?: string;
  /** Seconds since the epoch. */
  iat?: number;
  aud?: string | string[];
  realm_access?: { roles?: string[] };
  resource_access?: Record<string, { roles?: string[] }>;
}

/**
 * Whether the gateway's guards would accept a token that Keycloak issues to this client: by the very verifier, with keys
 * fetched now. What its claims lack is named one by one.
 */
export async function checkOwnToken(
  keycloak: Omit<KeycloakOptions, "clientSecret"> & { issuer: string },
  { token, asked }: Pick<ClientAccess, "token" | "asked">,
  { timeoutMs, now }: { timeoutMs: number; now: () => number },
): Promise<Finding[]> {
  if (!token) return [];
  const claims: OwnTokenClaims = readClaims(token.value) ?? {};
  const named = [...claimFindings(claims, keycloak), ...clockOf(claims, asked)];
  const refused = await verify(keycloak, token.value, timeoutMs, now);
  // The verifier's refusal follows from what is named already.
  return refused && !(refused.code === "client.token_refused" && named.length > 0) ? [refused, ...named] : named;
}

function claimFindings(claims: OwnTokenClaims, { clientId, issuer }: { clientId: string; issuer: string }): Finding[] {
  return [
    ...(claims.iss === issuer ? [] : [finding("keycloak.issuer_mismatch")]),
    ...([claims.aud].flat().includes(clientId) ? [] : [finding("client.audience_missing")]),
    ...(claims.sub ? [] : [finding("client.sub_missing")]),
  ];
}

function clockOf({ iat }: OwnTokenClaims, asked: ClientAccess["asked"]): Finding[] {
  if (iat === undefined) return [];
  const skewMs = iat * 1000 + HALF_A_SECOND_MS - (asked.from + asked.to) / 2;
  return clockFindings("keycloak", { skewMs, uncertaintyMs: HALF_A_SECOND_MS + (asked.to - asked.from) / 2 });
}

async function verify(
  keycloak: Omit<KeycloakOptions, "clientSecret"> & { issuer: string },
  token: string,
  timeoutMs: number,
  now: () => number,
): Promise<Finding | undefined> {
  const { certs, issuer } = keycloakEndpoints(keycloak);
  const { clientId, authorizedParties = [clientId] } = keycloak;
  const rules = {
    issuer: fixedIssuer(issuer),
    audience: clientId,
    authorizedParties,
    algorithms: acceptedAlgorithms(keycloak),
  };
  const keys = new PublishedGuardKeys(new PublishedKeys({ certs, timeoutMs }));
  try {
    await new JoseGuardTokenVerifier(keys, rules, () => new Date(now())).verify(token);
    return undefined;
  } catch (error) {
    if (isAuthError(error, "keycloak.unavailable")) return finding("keycloak.keys_unreadable");
    if (!isAuthError(error, "token.invalid")) throw error;
    return refusal(error, token);
  }
}

function refusal({ internal = "" }: AuthError, token: string): Finding {
  if (internal === "alg") return finding("client.algorithm", headerOf(token).alg);
  if (internal === "kid") return finding("keycloak.keys_missing");
  return finding("client.token_refused", internal);
}

function headerOf(token: string): { alg: string } {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString("utf8"));
    return { alg: String((header as { alg?: unknown } | null)?.alg) };
  } catch {
    return { alg: "not a JWT" };
  }
}
