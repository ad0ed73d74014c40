import { createRealmApi } from "./realm-api.ts";
import type { RealmOptions } from "./realm-options.ts";
import { setUpRealm } from "./set-up-realm.ts";

/**
 * Sets up everything that the gateway needs of its realm. Idempotent: reads, compares and writes what differs; settings
 * that are not the gateway's are left alone. (`--import-realm` skips a realm that exists, so it can't carry a change.)
 * @returns the changes made, in words and without secrets; empty when the realm was right
 * @throws UnsupportedKeycloakError; AuthError `keycloak.misconfigured` (administrator refused) | `keycloak.unavailable` |
 *   `keycloak.timeout`
 * @example
 * const { changes } = await applyRealm({
 *   keycloakUrl: "http://localhost:8080", admin: { username: "admin", password }, realm: "app",
 *   clientId: "gateway", clientSecret, sslRequired: "none",
 * });
 */
export async function applyRealm(options: RealmOptions): Promise<{ changes: string[] }> {
  const made: string[] = [];
  await setUpRealm(createRealmApi(options), {
    options,
    change: async (changes, send) => {
      const answer = await send();
      for (const { text } of changes) {
        made.push(text);
        options.log?.(text);
      }
      return answer;
    },
  });
  return { changes: made };
}
