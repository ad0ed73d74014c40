import { getJson } from "../../keycloak/get-json.ts";
import { keycloakEndpoints } from "../../keycloak/index.ts";
import type { KeycloakOptions } from "../../keycloak/keycloak-options.ts";
import { versionSupport } from "../../keycloak/server/version-support.ts";
import type { ServerFeatureSource } from "../../ports.ts";
import { type Finding, finding } from "../finding.ts";
import { ServerVersion } from "./server-version.ts";

export interface ServerCheckOptions {
  /** What the server can do; left out: that is not known, and nothing is checked. */
  serverFeatures?: Pick<ServerFeatureSource, "current">;
  /** Keeps the version; left out: it is asked for. */
  serverVersion?: ServerVersion;
  timeoutMs: number;
}

/**
 * Whether this Keycloak is too old. Only one whose events can't be read may be, and such a one shows its version to our
 * account: so the others are not asked. An outage is what the other checks find.
 */
export async function checkServer(
  keycloak: KeycloakOptions,
  token: string,
  { serverFeatures, serverVersion = new ServerVersion(), timeoutMs }: ServerCheckOptions,
): Promise<Finding[]> {
  try {
    if (!serverFeatures || (await serverFeatures.current()).eventsByTime !== false) return [];
    const { base } = keycloakEndpoints(keycloak);
    const headers = { authorization: `Bearer ${token}` };
    const version = await serverVersion.read(
      async () => (await getJson(`${base}/admin/serverinfo`, timeoutMs, headers)).json,
    );
    const isTooOld = version !== null && versionSupport(version) === "too_old";
    return isTooOld ? [finding("keycloak.version_old", version)] : [];
  } catch {
    return [];
  }
}
