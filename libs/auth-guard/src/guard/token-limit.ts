/**
 * Longest access token that guards read, and that a login may therefore end with. Bytes.
 *
 * Bun's server takes 16 384 bytes of headers in all and answers 431 beyond: a quarter of it is left to the other headers.
 * Proxies in front may take less in one header: nginx 8 kB and Apache 8190 bytes by default, HAProxy 16 kB in all, an AWS
 * load balancer 16 kB. Keycloak's own tokens have 1 to 4 kB.
 * @see {@link PROXY_SAFE_TOKEN_BYTES}
 */
export const DEFAULT_MAX_TOKEN_BYTES = 12_288;

/**
 * What an nginx or Apache in front takes by default, with the rest of its line. Bytes.
 * @example
 * ```ts
 * import { DEFAULT_MAX_TOKEN_BYTES, PROXY_SAFE_TOKEN_BYTES } from "@libs/auth-guard";
 *
 * export function warningFor(accessToken: string): string | undefined {
 *   if (accessToken.length > DEFAULT_MAX_TOKEN_BYTES) return "guards refuse it";
 *   return accessToken.length > PROXY_SAFE_TOKEN_BYTES ? "a proxy in front may refuse it" : undefined;
 * }
 * ```
 */
export const PROXY_SAFE_TOKEN_BYTES = 8_000;
