import { currentSecret, type Secret } from "@libs/observability/secrets";
import type { SignatureOptions } from "./signature-algorithms.ts";

/**
 * Where Keycloak is and who the gateway is to it.
 * @see {@link keycloakEndpoints}
 */
export interface KeycloakOptions extends SignatureOptions {
  /** Base URL as this process dials it, for example `http://keycloak:8080`; with Keycloak's path, where it has one. */
  url: string;
  realm: string;
  /** A confidential client with password grant and service account. */
  clientId: string;
  /** Asked for at each use where it is a function: it may come from a file that changes. */
  clientSecret: Secret;
  /** `iss` of the realm's tokens; discovered when left out, see {@link RealmIssuer}. */
  issuer?: string;
  /** The limit of every call, in milliseconds; 3000 when left out. */
  timeoutMs?: number;
  /** Longest access token that guards accept, so that a login with a longer one fails; 12 288 bytes when left out. */
  maxTokenBytes?: number;
  /** Clients whose access tokens are accepted (`azp`); the gateway's own alone when left out. */
  authorizedParties?: readonly string[];
}

/**
 * The client's own credentials, as the token endpoint takes them; made for each call.
 * @param options the client's id and secret
 * @see {@link keycloakEndpoints}
 */
export function clientCredentials({ clientId, clientSecret }: Pick<KeycloakOptions, "clientId" | "clientSecret">) {
  return { client_id: clientId, client_secret: currentSecret(clientSecret) };
}

/**
 * The addresses of one realm.
 * @see {@link keycloakEndpoints}
 */
export interface KeycloakEndpoints {
  base: string;
  realm: string;
  /** As given, or as it is where Keycloak is dialled by its public name. */
  issuer: string;
  token: string;
  logout: string;
  certs: string;
  /** Where a person does a pending action. */
  account: string;
}

/**
 * The addresses that follow from the options; all dialled on `url` except those that people visit.
 * @param options without `issuer`, it is derived from `url`
 * @see https://www.keycloak.org/securing-apps/oidc-layers#_endpoints
 * @example
 * ```ts
 * import {
 *   clientCredentials,
 *   type KeycloakEndpoints,
 *   type KeycloakOptions,
 *   keycloakEndpoints,
 * } from "@libs/auth-guard/keycloak";
 *
 * const clientSecret = () => process.env.KEYCLOAK_CLIENT_SECRET ?? "";
 * const options: KeycloakOptions = { url: "http://keycloak:8080", realm: "app", clientId: "gateway", clientSecret };
 * const { token }: KeycloakEndpoints = keycloakEndpoints(options);
 * const body = new URLSearchParams({ grant_type: "client_credentials", ...clientCredentials(options) });
 * export const answer = await fetch(token, { method: "POST", body });
 * ```
 */
export function keycloakEndpoints(options: Pick<KeycloakOptions, "url" | "realm" | "issuer">): KeycloakEndpoints {
  const base = options.url.replace(/\/+$/, "");
  const realm = `${base}/realms/${encodeURIComponent(options.realm)}`;
  const issuer = (options.issuer ?? realm).replace(/\/+$/, "");
  const protocol = `${realm}/protocol/openid-connect`;
  return {
    base,
    realm,
    issuer,
    token: `${protocol}/token`,
    logout: `${protocol}/logout`,
    certs: `${protocol}/certs`,
    account: accountUrl(issuer),
  };
}

/**
 * The page where a person sees and changes their own account.
 * @param issuer the realm's
 * @example
 * ```ts
 * import { accountUrl } from "@libs/auth-guard/keycloak";
 *
 * export const page = accountUrl("https://id.example.com/realms/app");
 * ```
 */
export const accountUrl = (issuer: string): string => `${issuer}/account`;

/**
 * Limit of a call to Keycloak, in milliseconds. Leaves a good second of a request's 4.5 s for what comes before and
 * after.
 * @example
 * ```ts
 * import { DEFAULT_TIMEOUT_MS, getJson } from "@libs/auth-guard/keycloak";
 *
 * export const page = await getJson("http://keycloak:8080/realms/app", DEFAULT_TIMEOUT_MS);
 * ```
 */
export const DEFAULT_TIMEOUT_MS = 3000;
