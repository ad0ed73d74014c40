/**
 * What Keycloak holds of a person besides the profile and the sessions. No secrets.
 * @see {@link KeycloakPersonSource}
 */
export interface KeycloakPersonDetails {
  /** That there is a password, a one-time password …; never what it is. */
  credentials: { type: string; label: string | null; createdAt: Date | null }[];
  /** Paths, such as `/staff`. */
  groups: string[];
  realmRoles: string[];
  /** By client. */
  clientRoles: Record<string, string[]>;
  /** Accounts elsewhere that the person logs in with. */
  identities: { provider: string; userId: string | null; username: string | null }[];
  consents: { clientId: string; scopes: string[]; grantedAt: Date | null }[];
}

/**
 * PORT: the rest of what Keycloak holds of one person; for exports.
 * @example
 * ```ts
 * import type { KeycloakPersonDetails, KeycloakPersonSource } from "@libs/keycloak-authV2";
 *
 * export async function groupsOf(source: KeycloakPersonSource, userId: string): Promise<string[]> {
 *   const details: KeycloakPersonDetails = await source.readDetails(userId);
 *   return details.groups;
 * }
 * ```
 */
export interface KeycloakPersonSource {
  /** Costs five calls. @throws AuthError `keycloak.*` */
  readDetails(userId: string): Promise<KeycloakPersonDetails>;
}
