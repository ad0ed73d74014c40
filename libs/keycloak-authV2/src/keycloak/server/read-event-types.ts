import { z } from "zod";
import type { AdminApi } from "../calls/admin-api.ts";

const serverInfo = z.object({ enums: z.object({ eventType: z.array(z.string()).min(1) }) });

/**
 * The types of user events that the server knows, from `GET /admin/serverinfo`: any account with a role of
 * `realm-management` may read it, in any realm. It is large (300 kB): not for every call.
 * @param api of the account that asks
 * @returns null where it can't be read: a proxy in front keeps it away, or it has another form
 * @throws AuthError `keycloak.*`
 * @see {@link createAdminApi}
 */
export async function readEventTypes(api: AdminApi): Promise<ReadonlySet<string> | null> {
  return await api.call<ReadonlySet<string> | null>(
    "read_server_info",
    async (client) => {
      const { data } = serverInfo.safeParse(await client.serverInfo.find());
      return data ? new Set(data.enums.eventType) : null;
    },
    ({ response: { status } }) => (status === 403 || status === 404 ? { value: null } : undefined),
  );
}
