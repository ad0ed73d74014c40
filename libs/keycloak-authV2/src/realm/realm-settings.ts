import type { AdminApi } from "../keycloak/admin-api.ts";
import { differences } from "./differences.ts";
import { storedEventTypes, unwantedEventTypes } from "./event-types.ts";
import type { RealmOptions, RealmStep } from "./realm-options.ts";

const SEVEN_DAYS_SECONDS = 7 * 24 * 60 * 60;

/** Creates the realm where it is missing, and brings the settings that the gateway relies on in line. */
export async function applyRealmSettings(api: AdminApi, { options, changed }: RealmStep): Promise<void> {
  const { realm } = options;
  let current = await api.call("read_realm", (client) => client.realms.findOne({ realm }));
  if (!current) {
    await api.call("create_realm", (client) => client.realms.create({ realm, enabled: true }));
    changed(`realm ${realm}: created`);
    current = await api.call("read_realm", (client) => client.realms.findOne({ realm }));
  }
  const found = current ?? {};
  const different = differences(found, desiredSettings(options, found.enabledEventTypes ?? []));
  if (!different) return;
  // Keycloak takes a missing field as "leave it", but a missing attribute as "remove it".
  const attributes = different.attributes && { ...found.attributes, ...different.attributes };
  await api.call("update_realm", (client) => client.realms.update({ realm }, { ...different, attributes }));
  for (const name of Object.keys(different)) changed(`realm ${realm}: ${name} set`);
}

function desiredSettings(options: RealmOptions, eventTypes: string[]) {
  const expiration = options.eventsExpirationSeconds ?? SEVEN_DAYS_SECONDS;
  return {
    sslRequired: options.sslRequired ?? "external",
    passwordPolicy: options.passwordPolicy,
    accessTokenLifespan: options.accessTokenLifespanSeconds,
    ssoSessionIdleTimeout: options.ssoSessionIdleSeconds,
    ssoSessionMaxLifespan: options.ssoSessionMaxSeconds,
    // Rotation brings a confidential client nothing but lost sessions (FAPI 2.0); reuse is detected by the gateway.
    revokeRefreshToken: false,
    ...bruteForceProtection,
    eventsEnabled: true,
    eventsExpiration: expiration,
    enabledEventTypes: withStored(eventTypes),
    adminEventsEnabled: true,
    // The details are request bodies: personal data that nothing here reads.
    adminEventsDetailsEnabled: false,
    attributes: { adminEventsExpiration: String(expiration) },
  };
}

/** Ten failures lock a user for a minute, each further ten for a minute more, up to a quarter of an hour. */
const bruteForceProtection = {
  bruteForceProtected: true,
  permanentLockout: false,
  failureFactor: 10,
  waitIncrementSeconds: 60,
  maxFailureWaitSeconds: 900,
  minimumQuickLoginWaitSeconds: 60,
  quickLoginCheckMilliSeconds: 1000,
  maxDeltaTimeSeconds: 43_200,
};

function withStored(current: string[]): string[] {
  return [...new Set([...current, ...storedEventTypes])].filter((type) => !unwantedEventTypes.includes(type)).sort();
}
