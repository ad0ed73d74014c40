import { type Finding, finding } from "@libs/problems/findings";
import { getJson } from "../keycloak/get-json.ts";
import type { KeycloakOptions } from "../keycloak/keycloak-options.ts";
import { keycloakEndpoints } from "../keycloak/keycloak-options.ts";
import { isIssuerOf } from "../keycloak/read-issuer.ts";
import { isOutage, noAnswer } from "./no-answer.ts";

/**
 * What {@link checkRealmPage} found.
 * @see {@link checkRealmPage}
 */
export interface RealmPage {
  findings: Finding[];
  /** What tokens must name as `iss`: as given, or as the realm says; null: it could not be asked. */
  issuer: string | null;
  /** Keycloak's address as browsers have it; null: the page could not be read. */
  origin: string | null;
  /** Of the realm. */
  scopes: readonly string[];
}

interface WellKnown {
  issuer?: unknown;
  authorization_endpoint?: unknown;
  scopes_supported?: unknown;
  error?: unknown;
}

/**
 * Whether a Keycloak with this realm answers where it is dialled, and names the issuer that is expected, where one is given.
 * @param keycloak `issuer` is what is expected; left out, any is accepted
 * @param timeoutMs of the call, in milliseconds
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
 * @example
 * ```ts
 * import { checkRealmPage, type RealmPage } from "@libs/auth-guard/startup-check";
 *
 * const page: RealmPage = await checkRealmPage({ url: "http://keycloak:8080", realm: "app" }, 3000);
 * console.log(page.issuer, page.findings);
 * ```
 */
export async function checkRealmPage(
  keycloak: Pick<KeycloakOptions, "url" | "realm" | "issuer">,
  timeoutMs: number,
): Promise<RealmPage> {
  const endpoints = keycloakEndpoints(keycloak);
  const nothing = (problem: Finding): RealmPage => ({ findings: [problem], issuer: null, origin: null, scopes: [] });
  try {
    const { status, json } = await getJson(`${endpoints.realm}/.well-known/openid-configuration`, timeoutMs);
    const page: WellKnown = json ?? {};
    if (status === 404 && page.error === "Realm does not exist")
      return nothing(finding("keycloak.realm_missing", keycloak.realm));
    if (status === 403 && String(page.error).includes("HTTPS")) return nothing(finding("keycloak.https_required"));
    if (status === 403 && page.error !== undefined) return nothing(finding("keycloak.realm_disabled"));
    if (isOutage(status)) return nothing(finding("keycloak.unreachable", `HTTP ${status}`));
    if (status !== 200 || typeof page.issuer !== "string")
      return nothing(finding("keycloak.not_keycloak", `HTTP ${status}, not a realm's page`));
    // Where none is given the realm's word counts, unless it is another realm's.
    const isExpected = keycloak.issuer ? page.issuer === endpoints.issuer : isIssuerOf(page.issuer, keycloak.realm);
    const { authorization_endpoint: visited, scopes_supported: scopes } = page;
    return {
      findings: isExpected ? [] : [mismatch(page.issuer, endpoints.issuer)],
      issuer: keycloak.issuer ? endpoints.issuer : page.issuer,
      origin: typeof visited === "string" && URL.canParse(visited) ? new URL(visited).origin : null,
      scopes: Array.isArray(scopes) ? scopes.map(String) : [],
    };
  } catch (error) {
    return nothing(noAnswer(error));
  }
}

const mismatch = (said: string, expected: string) =>
  finding("keycloak.issuer_mismatch", `${shown(said)} instead of ${shown(expected)}`);

/** An address may carry a password. */
function shown(address: string): string {
  if (!URL.canParse(address)) return "no URL";
  const url = new URL(address);
  return url.username || url.password ? `${url.protocol}//${url.host}${url.pathname}` : address;
}
