import { printableVersion } from "@libs/problems/findings";
import { z } from "zod";
import type { AdminApi } from "../calls/admin-api.ts";

const schema = z.object({ systemInfo: z.object({ version: z.string().min(1) }) });

/**
 * Keycloak's version, as it says itself. Up to 26.2 every account that may call the admin API sees it; later ones show it
 * to administrators of realms alone.
 * @param api of the account that asks
 * @returns null: our account may not see it
 * @throws AuthError `keycloak.*`
 * @see {@link createAdminApi}
 */
export async function readServerVersion(api: AdminApi): Promise<string | null> {
  const info = await api.call<unknown>(
    "read_server_info",
    (client) => client.serverInfo.find(),
    ({ response: { status } }) => (status === 403 ? { value: null } : undefined),
  );
  return versionIn(info);
}

/** @param info an answer of `/admin/serverinfo`. @returns null: it has none */
export function versionIn(info: unknown): string | null {
  const { data } = schema.safeParse(info);
  return data ? printableVersion(data.systemInfo.version) : null;
}
