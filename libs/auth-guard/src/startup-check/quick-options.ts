import type { StoredTokenRepository } from "@libs/database";
import type { KeycloakOptions } from "../../keycloak/index.ts";
import type { ServerFeatureSource } from "../../ports.ts";
import type { PersonTokens } from "./person-tokens.ts";

/** What both kinds of service need to be checked. */ import type { ServerVersion } from "./server-version.ts";

export interface QuickOptions {
  databaseUrl: string;
  /** For LISTEN and background work; `databaseUrl` when left out. */
  databaseDirectUrl?: string | undefined;
  /** Milliseconds for a call to Keycloak, a connection or a statement; default 3000. */
  timeoutMs?: number;
  /** This machine's clock, in milliseconds since the epoch. */
  now?: () => number;
}

export interface GatewayCheckOptions extends QuickOptions {
  keycloak: KeycloakOptions;
  tokenEncryptionKeys: string;
  /** Of the database of `databaseUrl`. */
  storedTokens: Pick<StoredTokenRepository, "sample">;
  /** Whether the change feed reads events, which needs a role of its own. */
  readsEvents: boolean;
  /** What the server can do; left out: whether it is too old is not checked. */
  serverFeatures?: Pick<ServerFeatureSource, "current">;
  /** Keeps the server's version between checks. */
  serverVersion?: ServerVersion;
  /** What its logins have shown; left out: nothing yet. */
  personTokens?: PersonTokens;
}

export interface GuardCheckOptions extends QuickOptions {
  /** Without a secret: a guarded service has none. */
  keycloak: Omit<KeycloakOptions, "clientSecret">;
  /** The tables that the service reads beside those of the guard. */
  tables?: readonly string[];
}

export const QUICK_TIMEOUT_MS = 3_000;
