import type { AdminApi } from "@libs/keycloak-authV2/keycloak/admin";
import { type Finding, finding } from "@libs/problems/findings";
import { findClient } from "../realm/gateway-client.ts";
import { namesAudience } from "./check-audience.ts";
import { notBeforeFindings, type RealmSettings } from "./check-realm-settings.ts";

/** A realm's limits for the sessions of single clients. Seconds; 0 or none: those of the realm's sessions. */
export interface ClientSessionSettings extends RealmSettings {
  clientSessionIdleTimeout?: number;
  clientSessionMaxLifespan?: number;
  clientOfflineSessionIdleTimeout?: number;
  clientOfflineSessionMaxLifespan?: number;
}

interface ClientSettings {
  attributes?: Record<string, unknown>;
  defaultClientScopes?: string[];
  notBefore?: number;
}

/** Settings of the gateway's client that only an administrator sees. @param now milliseconds since the epoch */
export async function checkClientSettings(
  api: AdminApi,
  { realm, clientId }: { realm: string; clientId: string },
  settings: ClientSessionSettings,
  now: number,
): Promise<Finding[]> {
  const client = await findClient(api, realm, clientId);
  if (!client) return [];
  return [
    ...clientSettingFindings(client, settings, now),
    ...((await namesAudience(api, realm, { id: client.id, clientId })) ? [] : [finding("client.audience_missing")]),
  ];
}

/** @param now milliseconds since the epoch */
export function clientSettingFindings(client: ClientSettings, settings: ClientSessionSettings, now: number): Finding[] {
  return [
    ...sessionFindings(client.attributes ?? {}, settings),
    ...(client.defaultClientScopes?.includes("offline_access") ? [finding("client.offline_by_default")] : []),
    ...notBeforeFindings(client.notBefore, now, "the client"),
  ];
}

function sessionFindings(attributes: Record<string, unknown>, settings: ClientSessionSettings): Finding[] {
  // The client's own wins over the realm's for clients.
  const secondsOf = (attribute: string, realmWide: number | undefined) =>
    Number(attributes[attribute] || realmWide || 0);
  const accessToken = secondsOf("access.token.lifespan", settings.accessTokenLifespan);
  const lives = {
    idle: secondsOf("client.session.idle.timeout", settings.clientSessionIdleTimeout),
    max: secondsOf("client.session.max.lifespan", settings.clientSessionMaxLifespan),
    "offline idle": secondsOf("client.offline.session.idle.timeout", settings.clientOfflineSessionIdleTimeout),
    "offline max": secondsOf("client.offline.session.max.lifespan", settings.clientOfflineSessionMaxLifespan),
  };
  const short = Object.entries(lives).filter(([, seconds]) => seconds > 0 && seconds <= accessToken);
  if (short.length === 0) return [];
  const detail = [...short, ["access token", accessToken] as const].map(([name, seconds]) => `${name} ${seconds} s`);
  return [finding("client.session_life", detail.join(", "))];
}
