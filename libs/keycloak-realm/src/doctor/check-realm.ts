import {
  type AdminApi,
  readEventTypes,
  storedEventTypes,
  unwantedEventTypes,
} from "@libs/keycloak-authV2/keycloak/admin";
import { isAuthError } from "@libs/problems";
import { type Finding, finding } from "@libs/problems/findings";
import { notBeforeFindings, realmSettingFindings } from "./check-realm-settings.ts";
import type { DoctorOptions } from "./doctor-options.ts";
import { readPublicRealm } from "./read-public-realm.ts";

/** The least that events are to be kept: a short outage, and the time to notice it. */
export const KEPT_SECONDS = 3_600;

/**
 * What the gateway's own client may see of its realm: events, the settings that Keycloak shows it, and
 * whether it is shown all users.
 * @param subject of the client's own token; undefined: it has none
 */
export async function checkRealm(
  api: AdminApi,
  { keycloak, timeoutMs, now = Date.now }: Pick<DoctorOptions, "keycloak" | "timeoutMs" | "now">,
  subject: string | undefined,
): Promise<Finding[]> {
  const { realm, clientId } = keycloak;
  const page = await readPublicRealm(keycloak, timeoutMs);
  const future = notBeforeFindings(page.notBefore, now());
  // The client's own tokens are void as well: nothing can be asked.
  if (future.length > 0) return future;
  try {
    return [
      ...(await settingsFindings(api, { realm, clientId, subject }, now())),
      ...(page.hasAccount ? [] : [finding("realm.account_page_off")]),
    ];
  } catch (error) {
    if (!(error instanceof VoidTokenError)) throw error;
    return [finding("realm.not_before_future", "of the client, or of its service account")];
  }
}

/** Keycloak refuses a token that it has issued a moment ago. */
class VoidTokenError extends Error {}

async function settingsFindings(
  api: AdminApi,
  { realm, clientId, subject }: { realm: string; clientId: string; subject: string | undefined },
  now: number,
): Promise<Finding[]> {
  const [events, types, settings, hidden] = await Promise.all([
    read(api, "read_events_config", (client) => client.realms.getConfigEvents({ realm })),
    readKnownTypes(api),
    read(api, "read_realm", (client) => client.realms.findOne({ realm })),
    hidesUsers(api, { realm, clientId, subject }),
  ]);
  return [
    ...(events ? eventFindings(events, types) : []),
    ...(settings?.bruteForceProtected === false ? [finding("realm.brute_force_off")] : []),
    ...(settings ? realmSettingFindings(settings, now) : []),
    ...(hidden ? [finding("service_account.users_hidden")] : []),
  ];
}

/** null: the server does not list them. */
async function readKnownTypes(api: AdminApi): Promise<ReadonlySet<string> | null> {
  try {
    return await readEventTypes(api);
  } catch (error) {
    // A void token is reported by the others.
    if (isAuthError(error, "keycloak.misconfigured")) return null;
    throw error;
  }
}

/** With fine-grained permissions, lists can lack users whom the same account may read; here it is the account itself. */
async function hidesUsers(
  api: AdminApi,
  { realm, clientId, subject }: { realm: string; clientId: string; subject: string | undefined },
): Promise<boolean> {
  if (subject === undefined) return false;
  // Keycloak's own name for it; a search by name, unlike an unfiltered list, has service accounts.
  const username = `service-account-${clientId.toLowerCase()}`;
  const find = (query: object) => read(api, "find_users", (client) => client.users.find({ realm, max: 1, ...query }));
  const [byName, byId] = await Promise.all([find({ username, exact: true }), find({ search: `id:${subject}` })]);
  return byName?.length === 0 && (byId?.length ?? 0) > 0;
}

interface StoredEvents {
  eventsEnabled?: boolean;
  adminEventsEnabled?: boolean;
  adminEventsDetailsEnabled?: boolean;
  enabledEventTypes?: string[];
  /** Seconds; 0 or none: for ever. */
  eventsExpiration?: number;
}

/** @param known what an older server can store */
function eventFindings(config: StoredEvents, known: ReadonlySet<string> | null): Finding[] {
  const findings: Finding[] = [];
  const stored = config.enabledEventTypes ?? [];
  const missing = storedEventTypes.filter((type) => (known?.has(type) ?? true) && !stored.includes(type));
  const unwanted = stored.filter((type) => unwantedEventTypes.includes(type));
  if (!config.eventsEnabled) findings.push(finding("events.user_events_off"));
  if (!config.adminEventsEnabled) findings.push(finding("events.admin_events_off"));
  if (missing.length > 0) findings.push(finding("events.types_missing", missing.join(", ")));
  if (unwanted.length > 0) findings.push(finding("events.unwanted_types", unwanted.join(", ")));
  if (config.eventsExpiration && config.eventsExpiration < KEPT_SECONDS)
    findings.push(finding("events.kept_too_short", `after ${config.eventsExpiration} seconds`));
  if (config.eventsEnabled && !config.eventsExpiration) findings.push(finding("events.kept_for_ever"));
  if (config.adminEventsDetailsEnabled) findings.push(finding("events.details_stored"));
  return findings;
}

/**
 * @returns undefined where a role is missing, which its own check reports
 * @throws VoidTokenError
 */
function read<T>(
  api: AdminApi,
  operation: Parameters<typeof api.call<T>>[0],
  work: Parameters<typeof api.call<T>>[1],
): Promise<T | undefined> {
  let isVoid = false;
  return api
    .call<T | undefined>(operation, work, ({ response: { status } }) => {
      isVoid = status === 401;
      return status === 403 || isVoid ? { value: undefined } : undefined;
    })
    .then((value) => {
      if (isVoid) throw new VoidTokenError();
      return value;
    });
}
