import type { KeycloakOptions } from "@libs/auth-guard/keycloak";
import { getJson } from "@libs/auth-guard/keycloak";
import { isOutage, outageAlone } from "@libs/auth-guard/startup-check";
import { type Finding, finding } from "@libs/problems/findings";
import { keycloakEndpoints } from "../keycloak/index.ts";
import { readClaims } from "../services/shared/token-times.ts";

/**
 * Whether tokens of this client name people by Keycloak's own user ids. Its own token shows it: a client with pairwise
 * subjects names its service account, too, by an id that no user has. What else keeps the user from being read is other
 * checks' matter.
 */
export async function checkOwnSubject(keycloak: KeycloakOptions, token: string, timeoutMs: number): Promise<Finding[]> {
  const { sub } = (readClaims(token) ?? {}) as { sub?: string };
  if (!sub) return [];
  const user = `${keycloakEndpoints(keycloak).base}/admin/realms/${encodeURIComponent(keycloak.realm)}/users/${encodeURIComponent(sub)}`;
  try {
    const { status } = await getJson(user, timeoutMs, { authorization: `Bearer ${token}` });
    if (isOutage(status)) return [finding("keycloak.unreachable", `HTTP ${status}`)];
    return status === 404 ? [finding("client.pairwise_sub")] : [];
  } catch (error) {
    return outageAlone(error);
  }
}
