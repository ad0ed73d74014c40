import { type AdminApi, probeServer, readServerVersion } from "@libs/keycloak-authV2/keycloak/admin";
import { isAuthError } from "@libs/problems";
import { type Finding, finding, versionSupport } from "@libs/problems/findings";

const OLDEST_BUN = [1, 4] as const;

/**
 * What is to be known of the server's version, as far as this account may see it: from 26.3 on only an administrator's may.
 */
export async function checkKeycloakVersion(api: AdminApi): Promise<Finding[]> {
  const version = await readServerVersion(api);
  if (version === null) return [];
  const support = versionSupport(version);
  if (support === "too_old") return [finding("keycloak.version_old", version)];
  return support === "untested" ? [finding("keycloak.version_untested", version)] : [];
}

/**
 * Whether the server's events can be read, by asking for some as the gateway does.
 * @param api of the gateway's own client
 */
export async function checkEvents(api: AdminApi, clientId: string): Promise<Finding[]> {
  try {
    const { eventsByTime } = await probeServer(api, clientId);
    return eventsByTime === false ? [finding("keycloak.without_events")] : [];
  } catch (error) {
    // Without its rights nothing can be asked, and that has findings of its own.
    if (isAuthError(error)) return [];
    throw error;
  }
}

/** @param version of the Bun that runs this */
export function checkBun(version = Bun.version): Finding[] {
  return isOlder(version, OLDEST_BUN) ? [finding("runtime.bun_old", version)] : [];
}

function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const [itsMajor = 0, itsMinor = 0] = numbersOf(version);
  return itsMajor < major || (itsMajor === major && itsMinor < minor);
}

const numbersOf = (version: string): number[] => version.split(".").map(Number);
