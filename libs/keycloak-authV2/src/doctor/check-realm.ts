import type { AdminApi } from "../keycloak/admin-api.ts";
import { storedEventTypes, unwantedEventTypes } from "../realm/event-types.ts";
import { type Finding, finding } from "./finding.ts";

/** The least that events are to be kept: a short outage, and the time to notice it. */
export const KEPT_SECONDS = 3_600;

/** What the gateway's own client may see of its realm: events, brute-force protection. */
export async function checkRealm(api: AdminApi, realm: string): Promise<Finding[]> {
  const [events, settings] = await Promise.all([
    read(api, "read_events_config", (client) => client.realms.getConfigEvents({ realm })),
    read(api, "read_realm", (client) => client.realms.findOne({ realm })),
  ]);
  return [
    ...(events ? eventFindings(events) : []),
    ...(settings?.bruteForceProtected === false ? [finding("realm.brute_force_off")] : []),
  ];
}

interface StoredEvents {
  eventsEnabled?: boolean;
  adminEventsEnabled?: boolean;
  adminEventsDetailsEnabled?: boolean;
  enabledEventTypes?: string[];
  /** Seconds; 0 or none: for ever. */
  eventsExpiration?: number;
}

function eventFindings(config: StoredEvents): Finding[] {
  const findings: Finding[] = [];
  const stored = config.enabledEventTypes ?? [];
  const missing = storedEventTypes.filter((type) => !stored.includes(type));
  const unwanted = stored.filter((type) => unwantedEventTypes.includes(type));
  if (!config.eventsEnabled) findings.push(finding("events.user_events_off"));
  if (!config.adminEventsEnabled) findings.push(finding("events.admin_events_off"));
  if (missing.length > 0) findings.push(finding("events.types_missing", missing.join(", ")));
  if (unwanted.length > 0) findings.push(finding("events.unwanted_types", unwanted.join(", ")));
  if (config.eventsExpiration && config.eventsExpiration < KEPT_SECONDS)
    findings.push(finding("events.kept_too_short", `after ${config.eventsExpiration} seconds`));
  if (config.adminEventsDetailsEnabled) findings.push(finding("events.details_stored"));
  return findings;
}

/** @returns undefined where a role is missing, which its own check tells */
function read<T>(api: AdminApi, operation: string, work: Parameters<typeof api.call<T>>[1]): Promise<T | undefined> {
  return api.call<T | undefined>(operation, work, ({ response }) =>
    response.status === 403 ? { value: undefined } : undefined,
  );
}
