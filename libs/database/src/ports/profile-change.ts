import type { DomainEvent, UserPayload } from "./domain-event.ts";
import type { KeycloakProfile } from "./user-repository.ts";

/** Type and payload: who, when and which version come from the row that it is written with. */
export type NewDomainEvent = {
  [Event in DomainEvent as Event["type"]]: Pick<Event, "type" | "payload">;
}[DomainEvent["type"]];

/** The columns that Keycloak owns, whatever else the given object carries. */
export function keycloakFields(profile: KeycloakProfile): UserPayload {
  const { username, email, firstName, lastName, emailVerified, enabled } = profile;
  return { username, email, firstName, lastName, emailVerified, enabled };
}

/** @returns the fields in which two states of a user differ; case counts */
export function changedFields(before: UserPayload, after: KeycloakProfile): (keyof UserPayload)[] {
  const now = keycloakFields(after);
  return (Object.keys(now) as (keyof UserPayload)[]).filter((field) => before[field] !== now[field]);
}

/**
 * What is reported of a change, in order. A user that is disabled while other fields change makes two events, so that who
 * listens to one type only misses nothing.
 * @param before null: the user was not here, or a tombstone
 */
export function eventsOfChange(before: UserPayload | null, after: KeycloakProfile): NewDomainEvent[] {
  const fields = keycloakFields(after);
  if (!before) return [{ type: "user.registered", payload: { ...fields, via: "keycloak" } }];
  const disabled = before.enabled && !after.enabled;
  const changed = changedFields(before, after).filter((field) => field !== "enabled" || !disabled);
  const events: NewDomainEvent[] = [];
  if (changed.length > 0) events.push({ type: "user.updated", payload: { ...fields, changed } });
  if (disabled) events.push({ type: "user.disabled", payload: fields });
  return events;
}
