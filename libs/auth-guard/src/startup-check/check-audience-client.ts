import { type Finding, finding } from "@libs/problems/findings";
import { getJson } from "../keycloak/get-json.ts";
import type { KeycloakOptions } from "../keycloak/keycloak-options.ts";
import { keycloakEndpoints } from "../keycloak/keycloak-options.ts";

/** Clients that Keycloak makes in every realm. */
const BUILT_IN = ["account", "realm-management", "broker"];

/**
 * Whether the realm has this client, asked without its secret: Keycloak's page for session management says of a client
 * and an origin whether they go together, and every enabled client goes with Keycloak's own origin. It leaves no event.
 * @param origin Keycloak's own, as browsers have it
 * @see https://openid.net/specs/openid-connect-session-1_0.html#OPiframe
 */
export async function checkAudienceClient(
  keycloak: Pick<KeycloakOptions, "url" | "realm" | "clientId">,
  origin: string,
  timeoutMs: number,
): Promise<Finding[]> {
  const page = `${keycloakEndpoints(keycloak).realm}/protocol/openid-connect/login-status-iframe.html/init`;
  const status = async (clientId: string) =>
    (await getJson(`${page}?${new URLSearchParams({ client_id: clientId, origin })}`, timeoutMs)).status;
  try {
    if ((await status(keycloak.clientId)) !== 403) return [];
    // A proxy in front may refuse the page as such.
    const others = await Promise.all(BUILT_IN.map(status));
    return others.includes(204) ? [finding("client.unknown")] : [];
  } catch {
    // A proxy in front may drop calls to this page alone: that must keep no service from its work.
    return [];
  }
}
