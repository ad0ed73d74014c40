import { type Finding, finding } from "@libs/problems/findings";
import { keycloakEndpoints } from "../keycloak/keycloak-options.ts";
import { PublishedKeys } from "../keycloak/published-keys.ts";
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
  const published = new PublishedKeys({ certs, timeoutMs });
  const [page, fetched] = await Promise.all([checkRealmPage(keycloak, timeoutMs), published.fetch()]);
  if (page.origin === null) return page.findings;
  const found = fetched && (published.set?.ids.size ?? 0) > 0;
  const keys = found ? [] : [finding(fetched ? "keycloak.keys_missing" : "keycloak.keys_unreadable")];
  return [...page.findings, ...keys, ...(await checkAudienceClient(keycloak, page.origin, timeoutMs))];
}
