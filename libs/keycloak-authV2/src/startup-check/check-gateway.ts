import { checkDirectUrl, checkSchema, firstOfEach } from "@libs/auth-guard/startup-check";
import type { DatabaseError } from "@libs/database";
import { type Finding, finding } from "@libs/problems/findings";
import { checkKeyRing } from "./check-key-ring.ts";
import { checkKeycloak } from "./check-keycloak.ts";
import type { GatewayCheckOptions } from "./gateway-check-options.ts";
import { GATEWAY_RIGHTS } from "./gateway-rights.ts";

/**
 * Whether a gateway of this configuration can do its work: what the doctor sees in a moment. Seven calls to
 * Keycloak and three statements, most of them side by side; changes nothing.
 * @param options as the gateway has them; times in milliseconds
 * @returns empty: nothing is wrong
 * @see {@link GatewayCheckOptions}
 */
export async function checkGateway(options: GatewayCheckOptions): Promise<Finding[]> {
  const [{ findings }, stores, direct] = await Promise.all([
    checkKeycloak(options),
    checkStores(options),
    checkDirectUrl(options),
  ]);
  return firstOfEach([...findings, ...stores, ...direct]);
}

async function checkStores(options: GatewayCheckOptions): Promise<Finding[]> {
  const { storedTokens, tokenEncryptionKeys, now = Date.now } = options;
  const { findings, usable } = await checkSchema(options, { rights: GATEWAY_RIGHTS });
  const keys = checkKeyRing(usable ? storedTokens : null, tokenEncryptionKeys, now);
  // The database has just answered: that it went away since is the next check's matter.
  return [...findings, ...(await keys.catch((error: DatabaseError) => [finding("database.unreachable", error.name)]))];
}
