import { type AdminApi, storedEventTypes, unwantedEventTypes } from "@libs/keycloak-authV2/keycloak/admin";
import { differences } from "./differences.ts";
import { settingChanges } from "./realm-change.ts";
import type { RealmOptions, RealmStep } from "./realm-options.ts";

const SEVEN_DAYS_SECONDS = 7 * 24 * 60 * 60;

/**
 * Creates the realm where it is missing, and brings the settings that the gateway relies on in line.
 * @returns whether there is a realm now: not in a plan for a new one
 */
export async function applyRealmSettings(
  api: AdminApi,
  { options, change }: RealmStep,
): Promise<{ realmExists: boolean }> {
  const { realm } = options;
  const read = () => api.call("read_realm", (client) => client.realms.findOne({ realm }));
  const create = async () => {
    await api.call("create_realm", (client) => client.realms.create({ realm, enabled: true }));
    return await read();
  };
  const created = { subject: "realm", name: "created", text: `realm ${realm}: created` } as const;
  const current = (await read()) ?? (await change([created], create));
  const found = current ?? {};
  const different = differences(found, desiredSettings(options, found.enabledEventTypes ?? []));
  if (different) {
    // Keycloak takes a missing field as "leave it", but a missing attribute as "remove it".
    const attributes = different.attributes && { ...found.attributes, ...different.attributes };
    await change(settingChanges("realm", `realm ${realm}`, found, different), () =>
      api.call("update_realm", (client) => client.realms.update({ realm }, { ...different, attributes })),
    );
  }
  return { realmExists: current !== undefined };
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
