import { AdminApi } from "./admin-api.ts";
import { AdminTokenProvider } from "./admin-token-provider.ts";

/**
 * Where the admin REST API is, and as whom it is called.
 * @see {@link createAdminApi}
 */
export interface AdminApiAccess {
  /** Keycloak's base URL, as this process dials it. */
  url: string;
  /** The realm of calls that name none. */
  realm: string;
  /** The token endpoint of the realm that the account belongs to. */
  tokenUrl: string;
  /** The grant's form fields: client credentials, or an administrator's password. */
  grant: Record<string, string>;
  timeoutMs: number;
}

/**
 * The admin REST API of Keycloak, called as one account, whose token is renewed as needed. For operators' tools: the
 * flows use the ports.
 * @param access where, and as whom
 * @example
 * ```ts
 * import { clientCredentials, keycloakEndpoints, type KeycloakOptions } from "@libs/auth-guard/keycloak";
 * import {
 *   type AdminApi,
 *   type AdminApiAccess,
 *   createAdminApi,
 *   probeServer,
 *   readEventTypes,
 *   readServerVersion,
 *   readUserProfile,
 *   storedEventTypes,
 *   unwantedEventTypes,
 * } from "@libs/keycloak-authV2/keycloak/admin";
 *
 * const realm = "app";
 * const clientSecret = process.env.KEYCLOAK_CLIENT_SECRET ?? "";
 * const keycloak: KeycloakOptions = { url: "http://keycloak:8080", realm, clientId: "gateway", clientSecret };
 * const access: AdminApiAccess = {
 *   url: keycloak.url,
 *   realm,
 *   tokenUrl: keycloakEndpoints(keycloak).token,
 *   grant: { grant_type: "client_credentials", ...clientCredentials(keycloak) },
 *   timeoutMs: 3_000,
 * };
 * const api: AdminApi = createAdminApi(access);
 * console.log("version", await readServerVersion(api), "features", await probeServer(api, keycloak.clientId));
 *
 * const known = await readEventTypes(api);
 * const { enabledEventTypes: stored = [] } = await api.call("read_events_config", ({ realms }) =>
 *   realms.getConfigEvents({ realm }),
 * );
 * console.log("missing", storedEventTypes.filter((type) => known?.has(type) && !stored.includes(type)));
 * console.log("not wanted", stored.filter((type) => unwantedEventTypes.includes(type)));
 *
 * const [profile, seenByUs] = await api.call("read_user_profile", ({ users }) =>
 *   Promise.all([users.getProfile({ realm }), users.getProfileMetadata({ realm })]),
 * );
 * console.log("kept from registering by", readUserProfile(profile, seenByUs).blocked);
 * ```
 */
export function createAdminApi({ tokenUrl, grant, ...calls }: AdminApiAccess): AdminApi {
  const { timeoutMs } = calls;
  return new AdminApi({ ...calls, tokens: new AdminTokenProvider({ tokenUrl, grant, timeoutMs }) });
}
