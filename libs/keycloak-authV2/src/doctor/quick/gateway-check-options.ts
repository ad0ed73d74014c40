import type { KeycloakOptions } from "@libs/auth-guard/keycloak";
import type { QuickOptions } from "@libs/auth-guard/startup-check";
import type { StoredTokenRepository } from "@libs/database";
import type { ServerFeatureSource } from "../../ports/ports.ts";
import type { PersonTokens } from "./person-tokens.ts";
import type { ServerVersion } from "./server-version.ts";

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
