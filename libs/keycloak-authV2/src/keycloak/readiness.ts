import {
  type KeycloakOptions,
  keycloakEndpoints,
  mapError,
  mapStatus,
  OWN_CONNECTION,
} from "@libs/auth-guard/keycloak";
import { AuthError } from "@libs/problems";

/**
 * Whether Keycloak answers for the realm: one cheap public page, no credentials.
 * @param timeoutMs short, as a probe waits for it
 * @throws AuthError `keycloak.unavailable` | `keycloak.timeout` | `keycloak.misconfigured` (no such realm)
 */
export async function checkKeycloak(options: Pick<KeycloakOptions, "url" | "realm">, timeoutMs = 1000): Promise<void> {
  try {
    const response = await fetch(keycloakEndpoints(options).realm, {
      ...OWN_CONNECTION,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status >= 400) throw mapStatus(response.status, "ready");
    const page: unknown = await response.json().catch(() => undefined);
    const realm: unknown = typeof page === "object" && page !== null ? Reflect.get(page, "realm") : undefined;
    if (realm !== options.realm) throw new AuthError("keycloak.unavailable", { internal: "ready: not a realm's page" });
  } catch (error) {
    throw mapError(error, "ready");
  }
}
