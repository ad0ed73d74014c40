import { AuthError } from "@libs/problems";
import { Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { OWN_CONNECTION } from "./keycloak-connections.ts";
import { DEFAULT_TIMEOUT_MS, type KeycloakOptions, keycloakEndpoints } from "./keycloak-options.ts";
import { mapError, mapStatus } from "./map-error.ts";

const document = Type.Object({ issuer: Type.String(), jwks_uri: Type.String() });
/** Keycloak's is 8 kB. Characters. */
const MAX_LENGTH = 256 * 1024;

/**
 * The `iss` of a realm's tokens, as its own discovery document names it. The document of another realm is refused: the
 * issuer and the address of its keys must both end as this realm's do.
 * @param options `timeoutMs` in milliseconds
 * @throws AuthError `keycloak.unavailable` | `keycloak.timeout` | `keycloak.misconfigured` (no such realm)
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
 * @example
 * ```ts
 * import { readIssuer } from "@libs/auth-guard/keycloak";
 *
 * export const issuer = await readIssuer({ url: "http://keycloak:8080", realm: "app", timeoutMs: 3000 });
 * ```
 */
export async function readIssuer(options: Pick<KeycloakOptions, "url" | "realm" | "timeoutMs">): Promise<string> {
  try {
    const answer = await fetch(`${keycloakEndpoints(options).realm}/.well-known/openid-configuration`, {
      ...OWN_CONNECTION,
      headers: { accept: "application/json" },
      redirect: "error",
      signal: AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
    });
    if (!answer.ok) throw mapStatus(answer.status, "discovery");
    const text = await answer.text();
    const data = text.length > MAX_LENGTH ? undefined : parse(text);
    if (!Value.Check(document, data) || !isWebUrl(data.issuer) || !isWebUrl(data.jwks_uri))
      throw new AuthError("keycloak.unavailable", { internal: "discovery: not a realm's document" });
    const path = ["realms", options.realm];
    if (!endsWith(data.issuer, path) || !endsWith(data.jwks_uri, [...path, "protocol", "openid-connect", "certs"]))
      throw new AuthError("keycloak.misconfigured", { internal: "discovery: the document is another realm's" });
    return data.issuer;
  } catch (error) {
    throw mapError(error, "discovery");
  }
}

/** Whether an issuer is this realm's, whatever host and path lead to it. */
export const isIssuerOf = (issuer: string, realm: string): boolean =>
  URL.canParse(issuer) && endsWith(issuer, ["realms", realm]);

const isWebUrl = (text: string): boolean => /^https?:\/\/[^/\s]\S*$/i.test(text) && URL.canParse(text);

function endsWith(url: string, path: string[]): boolean {
  const segments = new URL(url).pathname.split("/").map(decodeURIComponent);
  return path.every((segment, index) => segments.at(index - path.length) === segment);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
