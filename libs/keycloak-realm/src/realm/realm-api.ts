import { type AdminApi, createAdminApi } from "@libs/keycloak-authV2/keycloak/admin";
import type { RealmOptions } from "./realm-options.ts";

/** A first call to a cold Keycloak is slow. */
const TIMEOUT_MS = 30_000;

/** Speaks for the administrator, whose short-lived token comes from the `master` realm. */
export function createRealmApi({
  keycloakUrl,
  admin,
  timeoutMs = TIMEOUT_MS,
}: Pick<RealmOptions, "keycloakUrl" | "admin" | "timeoutMs">): AdminApi {
  const url = keycloakUrl.replace(/\/+$/, "");
  return createAdminApi({
    url,
    realm: "master",
    timeoutMs,
    tokenUrl: `${url}/realms/master/protocol/openid-connect/token`,
    grant: { grant_type: "password", client_id: "admin-cli", username: admin.username, password: admin.password },
  });
}
