import { keycloakEndpoints } from "@libs/auth-guard/keycloak";
import type { AdminApi } from "@libs/keycloak-authV2/keycloak/admin";
import { currentSecret } from "@libs/observability/secrets";
import { type Finding, finding } from "@libs/problems/findings";
import { findClient } from "../realm/gateway-client.ts";
import { planRealm, type RealmChange, type RealmOptions } from "../realm/index.ts";
import { checkClientSettings } from "./check-client-settings.ts";
import { checkGrantFlow } from "./check-grant-flow.ts";
import { KEPT_SECONDS } from "./check-realm.ts";
import { realmSettingFindings } from "./check-realm-settings.ts";
import { checkUserProfile } from "./check-user-profile.ts";
import type { DoctorOptions } from "./doctor-options.ts";
import { isPowerful } from "./powerful-roles.ts";
import { setupFindings } from "./setup-findings.ts";

/** Who holds one of these can do more in the realm than the gateway's own client. */
const POWERFUL_ROLES = ["realm-admin", "manage-realm", "manage-clients", "manage-authorization", "impersonation"];

/** What only an administrator sees: where the realm differs from what `realm apply` sets, and what people set beside it. */
export async function checkSetup(api: AdminApi, options: DoctorOptions): Promise<Finding[]> {
  const { realm, clientId, url } = options.keycloak;
  const clientSecret = currentSecret(options.keycloak.clientSecret);
  const { now = Date.now } = options;
  const settings = await api.call("read_realm", (client) => client.realms.findOne({ realm }));
  if (!settings) return [finding("keycloak.realm_missing", realm)];
  const planned = await planRealm({
    keycloakUrl: url,
    realm,
    clientId,
    clientSecret,
    timeoutMs: options.timeoutMs,
    admin: options.admin as NonNullable<DoctorOptions["admin"]>,
    backchannelLogoutUrl: options.backchannelLogoutUrl,
    // How long events are kept is the operator's choice; too short a time is found elsewhere.
    eventsExpirationSeconds: settings.eventsExpiration || undefined,
    sslRequired: options.sslRequired ?? (settings.sslRequired as RealmOptions["sslRequired"]),
  });
  const changes: RealmChange[] = planned.filter((change) => !isOperatorsChoice(change));
  return [
    ...setupFindings(changes),
    ...realmSettingFindings(settings, now()),
    ...adminEventFindings(settings),
    ...(settings.sslRequired === "none" && !isThisMachine(keycloakEndpoints(options.keycloak).issuer)
      ? [finding("realm.https_not_required")]
      : []),
    ...(await checkClientSettings(api, options.keycloak, settings, now())),
    ...(await checkUserProfile(api, realm)),
    ...(await checkDefaultActions(api, realm)),
    ...(await checkBackchannel(api, options)),
    ...(await checkGrantFlow(api, options.keycloak, settings.directGrantFlow)),
    ...(await checkAdministrators(api, realm)),
  ];
}

/** What the plan sets to one value, and what is judged here by other checks: by what follows from it. */
const JUDGED_ELSEWHERE: ReadonlySet<string> = new Set([
  // How long admin events are kept is an attribute of its own.
  "attributes",
  "eventsExpiration",
  "permanentLockout",
  "failureFactor",
  "waitIncrementSeconds",
  "maxFailureWaitSeconds",
  "minimumQuickLoginWaitSeconds",
  "quickLoginCheckMilliSeconds",
  "maxDeltaTimeSeconds",
]);

function isOperatorsChoice({ subject, name }: RealmChange): boolean {
  if (subject === "realm") return JUDGED_ELSEWHERE.has(name);
  // Read in the user profile and in the effective mappers instead: there are other ways to have them.
  if (subject === "user_profile" || (subject === "client" && name === "audience")) return true;
  return subject === "service_account" && name.startsWith("no ") && !isPowerful(name.slice("no ".length));
}

function adminEventFindings({
  attributes,
  adminEventsEnabled,
}: {
  attributes?: Record<string, unknown>;
  adminEventsEnabled?: boolean;
}): Finding[] {
  const seconds = Number(attributes?.adminEventsExpiration ?? 0);
  // 0 or none: for ever.
  if (seconds === 0 && adminEventsEnabled) return [finding("events.kept_for_ever", "admin events")];
  return seconds > 0 && seconds < KEPT_SECONDS
    ? [finding("events.kept_too_short", `admin events after ${seconds} seconds`)]
    : [];
}

/** Actions that Keycloak gives every new user, those of registrations too. */
async function checkDefaultActions(api: AdminApi, realm: string): Promise<Finding[]> {
  const actions = await api.call("list_required_actions", ({ authenticationManagement }) =>
    // Its type leaves no room for the realm, which it takes like all others.
    authenticationManagement.getRequiredActions({ realm } as never),
  );
  const given = actions.filter(({ enabled, defaultAction }) => enabled && defaultAction);
  return given.length > 0 ? [finding("realm.default_actions", given.map(({ alias }) => alias).join(", "))] : [];
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
