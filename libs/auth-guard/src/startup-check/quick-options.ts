import type { KeycloakOptions } from "../keycloak/keycloak-options.ts";

/**
 * What every service needs to be checked.
 * @see {@link checkDirectUrl}
 */
export interface QuickOptions {
  databaseUrl: string;
  /** For LISTEN and background work; `databaseUrl` when left out. */
  databaseDirectUrl?: string | undefined;
  /** Milliseconds for a call to Keycloak, a connection or a statement; default 3000. */
  timeoutMs?: number;
  /** This machine's clock, in milliseconds since the epoch. */
  now?: () => number;
}

/**
 * What {@link checkGuard} checks.
 * @example
 * ```ts
 * import { checkGuard, type GuardCheckOptions } from "@libs/auth-guard/startup-check";
 *
 * const options: GuardCheckOptions = {
 *   keycloak: { url: "http://keycloak:8080", realm: "app", clientId: "gateway" },
 *   databaseUrl: process.env.DATABASE_URL ?? "",
 *   tables: ["orders"],
 * };
 * for (const { severity, what, todo } of await checkGuard(options)) console.log(severity, what, todo);
 * ```
 */
export interface GuardCheckOptions extends QuickOptions {
  /** Without a secret: a guarded service has none. */
  keycloak: Omit<KeycloakOptions, "clientSecret">;
  /** The tables that the service reads beside those of the guard. */
  tables?: readonly string[];
}

/**
 * Limit of a call to Keycloak, a connection or a statement of a check at startup. Milliseconds.
 * @example
 * ```ts
 * import { checkRealmPage, QUICK_TIMEOUT_MS } from "@libs/auth-guard/startup-check";
 *
 * export const page = await checkRealmPage({ url: "http://keycloak:8080", realm: "app" }, QUICK_TIMEOUT_MS);
 * ```
 */
export const QUICK_TIMEOUT_MS = 3_000;
