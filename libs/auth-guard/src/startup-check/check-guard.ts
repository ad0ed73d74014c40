import { type Finding, finding } from "@libs/problems/findings";
import { keycloakEndpoints } from "../keycloak/keycloak-options.ts";
import { PublishedGuardKeys } from "../keycloak/published-guard-keys.ts";
import { checkAudienceClient } from "./check-audience-client.ts";
import { checkDirectUrl } from "./check-direct-url.ts";
import { checkRealmPage } from "./check-realm-page.ts";
import { checkSchema } from "./check-schema.ts";
import { firstOfEach } from "./first-of-each.ts";
import { type GuardCheckOptions, QUICK_TIMEOUT_MS } from "./quick-options.ts";

/** What a guard reads. */
const GUARD_TABLES = ["sessions", "users", "user_roles", "role_permissions", "permissions", "stores"] as const;

/**
 * Whether a guarded service of this configuration can do its work: Keycloak, realm, issuer, published keys, client, and
 * the guard's tables. Three calls to Keycloak and two statements; needs no secret and leaves no event.
 * @param options as the guard has them; times in milliseconds
 * @returns empty: nothing is wrong
 * @throws what is neither an outage nor a finding
 * @see {@link GuardCheckOptions}
 */
export async function checkGuard(options: GuardCheckOptions): Promise<Finding[]> {
  const tables = [...GUARD_TABLES, ...(options.tables ?? [])];
  const [keycloak, { findings: schema }, direct] = await Promise.all([
    checkKeycloak(options),
    checkSchema(options, { tables }),
    checkDirectUrl(options),
  ]);
  return firstOfEach([...keycloak, ...schema, ...direct]);
}

async function checkKeycloak({ keycloak, timeoutMs = QUICK_TIMEOUT_MS }: GuardCheckOptions): Promise<Finding[]> {
  const { certs } = keycloakEndpoints(keycloak);
  const [page, keyIds] = await Promise.all([
    checkRealmPage(keycloak, timeoutMs),
    new PublishedGuardKeys({ certs, timeoutMs }).load(),
  ]);
  if (page.origin === null) return page.findings;
  const keys =
    keyIds === null ? [finding("keycloak.keys_unreadable")] : keyIds.size > 0 ? [] : [finding("keycloak.keys_missing")];
  return [...page.findings, ...keys, ...(await checkAudienceClient(keycloak, page.origin, timeoutMs))];
}
