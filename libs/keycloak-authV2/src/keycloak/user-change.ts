import type { KeycloakUser, KeycloakUserPatch } from "../ports/ports.ts";

const PROFILE_FIELDS = ["email", "firstName", "lastName"] as const;
type ProfileField = (typeof PROFILE_FIELDS)[number];

/** The part of a user's representation that a PUT sends. */
export type UserChange = KeycloakUserPatch & { username?: string };

/**
 * What a patch changes of a user, as the body of a PUT. Keycloak leaves alone what a PUT does not name, and reads more
 * into some fields than their value: `enabled: true` lifts a lock of the brute-force guard. So a field that is as it
 * should be is not sent. `attributes` never goes alone: whatever that object lacks is deleted, email and names included,
 * and where usernames may be edited the username counts as missing.
 * @param current read in full
 * @returns undefined when there is nothing to change
 */
export function changeOf(current: KeycloakUser, patch: KeycloakUserPatch): UserChange | undefined {
  const change: UserChange = {};
  for (const field of PROFILE_FIELDS) if (changesField(current, patch, field)) change[field] = patch[field] ?? "";
  // Keycloak would keep a verified mark that was earned by the old address.
  if (change.email !== undefined) change.emailVerified = patch.emailVerified ?? false;
  else if (patch.emailVerified !== undefined && patch.emailVerified !== current.emailVerified)
    change.emailVerified = patch.emailVerified;
  if (patch.enabled !== undefined && patch.enabled !== current.enabled) change.enabled = patch.enabled;
  if (changedAttributes(current, patch).length > 0) {
    const attributes = { ...current.attributes, ...patch.attributes };
    return { ...wholeProfile(current), ...change, attributes };
  }
  return Object.keys(change).length > 0 ? change : undefined;
}

/** Whether a patch has another value than blank for blank, or than the same email in another case. */
export function changesField(current: KeycloakUser, patch: KeycloakUserPatch, field: ProfileField): boolean {
  return patch[field] !== undefined && folded(field, patch[field]) !== folded(field, current[field]);
}

/**
 * Keycloak answers 204 to some changes that it does not make: of an email while the person has to confirm one, of an
 * attribute that the realm does not declare.
 * @returns the changes of the patch that had no effect, as paths
 */
export function changesNotTaken(patch: KeycloakUserPatch, before: KeycloakUser, after: KeycloakUser): string[] {
  const fields = PROFILE_FIELDS.filter((field) => changesField(before, patch, field) && after[field] === before[field]);
  const attributes = changedAttributes(before, patch).filter((name) =>
    sameValues(before.attributes[name], after.attributes[name]),
  );
  return [...fields, ...attributes.map((name) => `attributes.${name}`)];
}

function changedAttributes(current: KeycloakUser, patch: KeycloakUserPatch): string[] {
  const asked = Object.entries(patch.attributes ?? {});
  return asked.filter(([name, values]) => !sameValues(values, current.attributes[name])).map(([name]) => name);
}

function wholeProfile({ username, email, firstName, lastName }: KeycloakUser): UserChange {
  return {
    username,
    ...(email !== null && { email }),
    ...(firstName !== null && { firstName }),
    ...(lastName !== null && { lastName }),
  };
}

/** As Keycloak stores: nothing for what is blank, emails in lower case. */
function folded(field: ProfileField, value: string | null | undefined): string | null {
  if (!value?.trim()) return null;
  return field === "email" ? value.toLowerCase() : value;
}

/** Keycloak stores no blank values, and compares the rest without their order. */
function sameValues(one: readonly string[] = [], other: readonly string[] = []): boolean {
  const [a, b] = [one, other].map((values) => values.filter((value) => value.trim() !== "").toSorted());
  return JSON.stringify(a) === JSON.stringify(b);
}
