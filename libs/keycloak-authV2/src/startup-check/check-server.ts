import type { KeycloakOptions } from "@libs/auth-guard/keycloak";
import { getJson } from "@libs/auth-guard/keycloak";
import { isOutage, outageAlone } from "@libs/auth-guard/startup-check";
import { AuthError } from "@libs/problems";
import { type Finding, finding, versionSupport } from "@libs/problems/findings";
import { keycloakEndpoints } from "../keycloak/index.ts";
import type { ServerFeatureSource } from "../ports/ports.ts";
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
 * account: so the others are not asked.
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
    const version = await serverVersion.read(() => getInfo(`${base}/admin/serverinfo`, timeoutMs, headers));
    const isTooOld = version !== null && versionSupport(version) === "too_old";
    return isTooOld ? [finding("keycloak.version_old", version)] : [];
  } catch (error) {
    return outageAlone(error);
  }
}

async function getInfo(url: string, timeoutMs: number, headers: Record<string, string>): Promise<object | undefined> {
  const { status, json } = await getJson(url, timeoutMs, headers);
  // Keycloak's own 500 is an answer: one of its providers fails when the page is made, today and tomorrow.
  if (isOutage(status) && status !== 500) throw new AuthError("keycloak.unavailable", { internal: `HTTP ${status}` });
  return json;
}
