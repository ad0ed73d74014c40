import type { KeycloakOptions } from "@libs/auth-guard/keycloak";
import type { QuickOptions } from "@libs/auth-guard/startup-check";
import type { StoredTokenRepository } from "@libs/database";
import type { ServerFeatureSource } from "../ports/ports.ts";
import type { PersonTokens } from "./person-tokens.ts";
import type { ServerVersion } from "./server-version.ts";

/**
 * What {@link checkGateway} checks.
 * @example
 * ```ts
 * import { createRepositories, PrismaClient } from "@libs/database";
 * import {
 *   checkGateway,
 *   type GatewayCheckOptions,
 *   PersonTokens,
 *   ServerVersion,
 * } from "@libs/keycloak-authV2/startup-check";
 *
 * const personTokens = new PersonTokens();
 * personTokens.record(true); // at each login: whether its access token named the user
 * const clientSecret = process.env.KEYCLOAK_CLIENT_SECRET ?? "";
 * const options: GatewayCheckOptions = {
 *   keycloak: { url: "http://keycloak:8080", realm: "app", clientId: "gateway", clientSecret },
 *   databaseUrl: process.env.DATABASE_URL ?? "",
 *   tokenEncryptionKeys: process.env.TOKEN_ENCRYPTION_KEYS ?? "",
 *   storedTokens: createRepositories(new PrismaClient()).storedTokens,
 *   readsEvents: true,
 *   serverVersion: new ServerVersion(),
 *   personTokens,
 * };
 * for (const { severity, what, todo } of await checkGateway(options)) console.log(severity, what, todo);
 * ```
 */
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
