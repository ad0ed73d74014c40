import type { KeycloakOptions } from "../keycloak/keycloak-options.ts";

/** What every service needs to be checked. */
export interface QuickOptions {
  databaseUrl: string;
  /** For LISTEN and background work; `databaseUrl` when left out. */
  databaseDirectUrl?: string | undefined;
  /** Milliseconds for a call to Keycloak, a connection or a statement; default 3000. */
  timeoutMs?: number;
  /** This machine's clock, in milliseconds since the epoch. */
  now?: () => number;
}

export interface GuardCheckOptions extends QuickOptions {
  /** Without a secret: a guarded service has none. */
  keycloak: Omit<KeycloakOptions, "clientSecret">;
  /** The tables that the service reads beside those of the guard. */
  tables?: readonly string[];
}

export const QUICK_TIMEOUT_MS = 3_000;
