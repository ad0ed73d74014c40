import { AdminApi } from "../keycloak/admin-api.ts";
import { AdminTokenProvider } from "../keycloak/admin-token-provider.ts";
import { applyAudienceMapper } from "./audience-mapper.ts";
import { applyGatewayClient } from "./gateway-client.ts";
import type { RealmOptions, RealmStep } from "./realm-options.ts";
import { applyRealmSettings } from "./realm-settings.ts";
import { applyScopeMappings } from "./scope-mappings.ts";
import { applyServiceAccount } from "./service-account.ts";
import { applyUserProfile } from "./user-profile.ts";

const TIMEOUT_MS = 30_000;

/**
 * Sets up everything that the gateway needs of its realm. Idempotent: reads, compares and writes what differs; settings
 * that are not the gateway's are left alone. (`--import-realm` skips a realm that exists, so it can't carry a change.)
 * @returns the changes made, in words and without secrets; empty when the realm was right
 * @throws AuthError `keycloak.misconfigured` (administrator refused) | `keycloak.unavailable` | `keycloak.timeout`
 * @example
 * const { changes } = await applyRealm({
 *   keycloakUrl: "http://localhost:8080", admin: { username: "admin", password }, realm: "app",
 *   clientId: "gateway", clientSecret, sslRequired: "none",
 * });
 */
export async function applyRealm(options: RealmOptions): Promise<{ changes: string[] }> {
  const changes: string[] = [];
  const changed = (change: string) => {
    changes.push(change);
    options.log?.(change);
  };
  const step: RealmStep = { options, changed };
  const api = adminApi(options);
  await applyRealmSettings(api, step);
  await applyUserProfile(api, step);
  const clientUuid = await applyGatewayClient(api, step);
  await applyAudienceMapper(api, clientUuid, step);
  await applyScopeMappings(api, clientUuid, step);
  await applyServiceAccount(api, clientUuid, step);
  return { changes };
}

/** Speaks for the administrator, whose short-lived token comes from the `master` realm. */
function adminApi({ keycloakUrl, admin, timeoutMs = TIMEOUT_MS }: RealmOptions): AdminApi {
  const url = keycloakUrl.replace(/\/+$/, "");
  const tokens = new AdminTokenProvider({
    tokenUrl: `${url}/realms/master/protocol/openid-connect/token`,
    grant: { grant_type: "password", client_id: "admin-cli", username: admin.username, password: admin.password },
    timeoutMs,
  });
  return new AdminApi({ url, realm: "master", tokens, timeoutMs });
}
