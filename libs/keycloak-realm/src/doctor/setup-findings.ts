import type { FindingCode } from "@libs/problems/findings";
import { type Finding, finding } from "@libs/problems/findings";
import type { RealmChange } from "../realm/index.ts";

const CODES: Record<string, FindingCode> = {
  "realm.created": "keycloak.realm_missing",
  "realm.revokeRefreshToken": "realm.rotation_on",
  "realm.bruteForceProtected": "realm.brute_force_off",
  "realm.eventsEnabled": "events.user_events_off",
  "realm.adminEventsEnabled": "events.admin_events_off",
  "realm.adminEventsDetailsEnabled": "events.details_stored",
  "client.created": "client.missing",
  "client.secret": "client.refused",
  "client.enabled": "client.unknown",
  "client.serviceAccountsEnabled": "client.service_account_off",
  "client.directAccessGrantsEnabled": "client.password_grant_off",
  "client.fullScopeAllowed": "client.full_scope_on",
  "client.attributes": "client.backchannel_other",
  "client.frontchannelLogout": "client.backchannel_other",
};

/** What `realm apply` would change, as findings: one a code, with the names that it is about. */
export function setupFindings(changes: readonly RealmChange[]): Finding[] {
  const details = new Map<FindingCode, string[]>();
  for (const change of changes) {
    const code = codeOf(change);
    if (code) details.set(code, [...(details.get(code) ?? []), ...detailsOf(change, code)]);
  }
  return [...details].map(([code, texts]) => finding(code, texts.join(", ") || null));
}

function detailsOf({ subject, name, from, to }: RealmChange, code: FindingCode): string[] {
  if (code.startsWith("service_account.role_")) return [name.replace(/^(no|scope) /, "")];
  if (typeof to === "object" && to !== null && !Array.isArray(to))
    return Object.keys(to).map((member) => `${member} is ${show(Reflect.get(Object(from), member))}`);
  const saysAll = !code.endsWith("settings");
  return saysAll ? [] : [to === undefined ? `${subject}: ${name}` : `${name} is ${show(from)}`];
}

const show = (value: unknown): string => (value === undefined ? "not set" : String(value));

function codeOf({ subject, name }: RealmChange): FindingCode | undefined {
  if (subject === "service_account" && name.startsWith("no ")) return "service_account.role_extra";
  if (subject === "service_account" || name.startsWith("scope ")) return "service_account.role_missing";
  // Which types is reported by another check.
  if (name === "enabledEventTypes") return undefined;
  return CODES[`${subject}.${name}`] ?? (subject === "realm" ? "realm.settings" : "client.settings");
}
