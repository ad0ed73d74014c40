import { currentSecret } from "@libs/observability/secrets";
import type { AdminApi } from "../keycloak/admin-api.ts";
import { keycloakEndpoints } from "../keycloak/index.ts";
import { findClient } from "../realm/gateway-client.ts";
import { planRealm, type RealmChange, type RealmOptions } from "../realm/index.ts";
import { checkGrantFlow } from "./check-grant-flow.ts";
import { KEPT_SECONDS } from "./check-realm.ts";
import type { DoctorOptions } from "./doctor-options.ts";
import { type Finding, finding } from "./finding.ts";
import { setupFindings } from "./setup-findings.ts";

/** Of the service account's own realm: who holds one of these can do nearly everything. */
const POWERFUL_ROLES = ["realm-admin", "manage-users", "manage-realm", "manage-clients"];
const FOREVER_SECONDS = 365 * 24 * 3_600;

/** What only an administrator sees: where the realm differs from what `realm apply` sets, and what people set beside it. */
export async function checkSetup(api: AdminApi, options: DoctorOptions): Promise<Finding[]> {
  const { realm, clientId, url } = options.keycloak;
  const clientSecret = currentSecret(options.keycloak.clientSecret);
  const settings = await api.call("read_realm", (client) => client.realms.findOne({ realm }));
  if (!settings) return [finding("keycloak.realm_missing", realm)];
  const planned = await planRealm({
    ...{ keycloakUrl: url, realm, clientId, clientSecret, timeoutMs: options.timeoutMs },
    admin: options.admin as NonNullable<DoctorOptions["admin"]>,
    backchannelLogoutUrl: options.backchannelLogoutUrl,
    // How long events are kept is the operator's choice; too short a time is found elsewhere.
    eventsExpirationSeconds: settings.eventsExpiration || undefined,
    sslRequired: options.sslRequired ?? (settings.sslRequired as RealmOptions["sslRequired"]),
  });
  const changes: RealmChange[] = planned.filter((change) => !isOperatorsChoice(change));
  return [
    ...setupFindings(changes),
    ...lifeFindings(settings),
    ...adminEventFindings(settings),
    ...(settings.duplicateEmailsAllowed ? [finding("realm.duplicate_emails")] : []),
    ...(settings.sslRequired === "none" && !isThisMachine(keycloakEndpoints(options.keycloak).issuer)
      ? [finding("realm.https_not_required")]
      : []),
    ...(await checkBackchannel(api, options)),
    ...(await checkGrantFlow(api, options.keycloak, settings.directGrantFlow)),
    ...(await checkAdministrators(api, realm)),
  ];
}

/** How long admin events are kept is an attribute of its own. */
function isOperatorsChoice({ subject, name }: RealmChange): boolean {
  return subject === "realm" && (name === "attributes" || name === "eventsExpiration");
}

function adminEventFindings({ attributes }: { attributes?: Record<string, unknown> }): Finding[] {
  const seconds = Number(attributes?.adminEventsExpiration ?? 0);
  // 0 or none: for ever.
  return seconds > 0 && seconds < KEPT_SECONDS
    ? [finding("events.kept_too_short", `admin events after ${seconds} seconds`)]
    : [];
}

function lifeFindings(settings: {
  accessTokenLifespan?: number;
  ssoSessionIdleTimeout?: number;
  ssoSessionMaxLifespan?: number;
}): Finding[] {
  const { accessTokenLifespan = 0, ssoSessionIdleTimeout = 0, ssoSessionMaxLifespan = 0 } = settings;
  const short = Math.min(ssoSessionIdleTimeout, ssoSessionMaxLifespan) <= accessTokenLifespan;
  const long = ssoSessionMaxLifespan > FOREVER_SECONDS;
  if (!short && !long) return [];
  const detail = `idle ${ssoSessionIdleTimeout} s, max ${ssoSessionMaxLifespan} s, access token ${accessTokenLifespan} s`;
  return [finding("realm.session_life", detail)];
}

async function checkBackchannel(api: AdminApi, options: DoctorOptions): Promise<Finding[]> {
  if (options.backchannelLogoutUrl) return [];
  const client = await findClient(api, options.keycloak.realm, options.keycloak.clientId);
  if (!client || client.attributes?.["backchannel.logout.url"]) return [];
  return [finding("client.backchannel_missing")];
}

async function checkAdministrators(api: AdminApi, realm: string): Promise<Finding[]> {
  const management = await findClient(api, realm, "realm-management");
  if (!management) return [];
  const found = await Promise.all(
    POWERFUL_ROLES.map(async (roleName) => {
      // Service accounts are left out by Keycloak itself: they are no people.
      const people = await api.call("list_role_users", (client) =>
        client.clients.findUsersWithRole({ realm, id: management.id, roleName, first: 0, max: 100 }),
      );
      return people.filter(({ username = "" }) => !username.startsWith("service-account-")).length > 0
        ? [roleName]
        : [];
    }),
  );
  const roles = found.flat();
  return roles.length > 0 ? [finding("realm.admins_inside", `by the roles ${roles.join(", ")}`)] : [];
}

function isThisMachine(address: string): boolean {
  const { hostname, protocol } = new URL(address);
  return protocol === "http:" && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|.*\.localhost)$/.test(hostname);
}
