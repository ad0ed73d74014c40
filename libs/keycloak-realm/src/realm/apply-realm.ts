import { createRealmApi } from "./realm-api.ts";
import type { RealmOptions } from "./realm-options.ts";
import { setUpRealm } from "./set-up-realm.ts";

/**
 * Sets up everything that the gateway needs of its realm. Idempotent: reads, compares and writes what differs; settings
 * that are not the gateway's are left alone. (`--import-realm` skips a realm that exists, so it can't carry a change.)
 * @param options an administrator, and what the realm is to be
 * @returns the changes made, in words and without secrets; empty when the realm was right
 * @throws UnsupportedKeycloakError; AuthError `keycloak.misconfigured` (administrator refused) | `keycloak.unavailable` |
 *   `keycloak.timeout`
 * @example
 * ```ts
 * import {
 *   applyRealm,
 *   planRealm,
 *   type RealmChange,
 *   type RealmOptions,
 *   UnsupportedKeycloakError,
 * } from "@libs/keycloak-realm";
 *
 * const options: RealmOptions = {
 *   keycloakUrl: "http://keycloak:8080",
 *   admin: { username: "admin", password: process.env.KEYCLOAK_ADMIN_PASSWORD ?? "" },
 *   realm: "app",
 *   clientId: "gateway",
 *   clientSecret: process.env.KEYCLOAK_CLIENT_SECRET ?? "",
 * };
 * try {
 *   const planned: RealmChange[] = await planRealm(options);
 *   for (const { text } of planned) console.log(text);
 *   const { changes } = await applyRealm(options);
 *   console.log(`${changes.length} changes made`);
 * } catch (error) {
 *   if (!(error instanceof UnsupportedKeycloakError)) throw error;
 *   console.error(error.message);
 * }
 * ```
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
