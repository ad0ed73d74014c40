import type { AdminApi } from "../keycloak/admin-api.ts";
import { type Finding, finding } from "./finding.ts";

const OLDEST_KEYCLOAK = [26, 6] as const;
const NEWEST_KEYCLOAK_MAJOR = 26;
const OLDEST_BUN = [1, 4] as const;

/** Only an administrator of `master` may see Keycloak's version. */
export async function checkKeycloakVersion(api: AdminApi): Promise<Finding[]> {
  const info = await api.call("read_server_info", (client) => client.serverInfo.find());
  const version = info.systemInfo?.version;
  if (!version) return [];
  if (isOlder(version, OLDEST_KEYCLOAK)) return [finding("keycloak.version_old", version)];
  const [major = 0] = numbersOf(version);
  return major > NEWEST_KEYCLOAK_MAJOR ? [finding("keycloak.version_untested", version)] : [];
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
