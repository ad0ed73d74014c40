import type { KeycloakUser, UserSearch } from "../ports/ports.ts";

/** Keycloak's matching: `search` by prefix, `username` and `email` by part unless `exact`, times inclusive. */
export function matches(user: KeycloakUser, search: UserSearch): boolean {
  return (
    matchesPrefix(user, search.search) &&
    matchesField(user.username, search.username, search.exact) &&
    matchesField(user.email, search.email, search.exact) &&
    matchesAttribute(user, search.attribute) &&
    isWithin(user.createdAt, search.createdAfter, search.createdBefore) &&
    (search.enabled ?? user.enabled) === user.enabled &&
    (search.emailVerified ?? user.emailVerified) === user.emailVerified
  );
}

function matchesPrefix(user: KeycloakUser, search: string | undefined): boolean {
  const wanted = search?.toLowerCase();
  if (wanted === undefined || wanted === "*") return true;
  const fields = [user.username, user.email, user.firstName, user.lastName];
  return fields.some((field) => field?.toLowerCase().startsWith(wanted));
}

function matchesField(value: string | null, wanted: string | undefined, exact = false): boolean {
  if (wanted === undefined) return true;
  const [have, want] = [value?.toLowerCase() ?? "", wanted.toLowerCase()];
  return exact ? have === want : have.includes(want);
}

function matchesAttribute({ attributes }: KeycloakUser, wanted: UserSearch["attribute"]): boolean {
  if (!wanted) return true;
  return (attributes[wanted.name] ?? []).some((value) => value.toLowerCase() === wanted.value.toLowerCase());
}

function isWithin(createdAt: Date | null, after: Date | undefined, before: Date | undefined): boolean {
  if (!after && !before) return true;
  return createdAt !== null && (!after || createdAt >= after) && (!before || createdAt <= before);
}
