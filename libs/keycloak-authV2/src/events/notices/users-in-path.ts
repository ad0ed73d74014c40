/** A user that an admin event's path names, and below which part of it the change happened: none for the user as such. */
export interface NamedUser {
  id: string;
  part: string | null;
}

/**
 * What Keycloak 26.7 has below `users/{id}/` (its `UserResource`). Ids may hold slashes (a partial import keeps them), so
 * a path is read from its end: what stands before one of these is the id.
 */
const PARTS = [
  "(consents|credentials|federated-identity|groups|offline-sessions|vc)/.+",
  "(role-mappings)/(?:realm|clients/[^/]+)",
  "(configured-user-storage-credential-types|disable-credential-types|execute-actions-email|impersonation|logout)",
  "(reset-password|reset-password-email|send-verify-email|sessions|unmanagedAttributes)",
];
const WITH_PART = new RegExp(`^(.+?)/(?:${PARTS.join("|")})$`, "s");
/** Below others: `organizations/{o}/members/{u}`, `organizations/{o}/groups/{g}/members/{u}`, `…/brute-force/users/{u}`. */
const ELSEWHERE = /^.+?\/(?:users|members)\/(.+)$/is;
/** The realm's declaration of user attributes, and invitations, have paths like a user's. */
const NOBODY = new Set(["users/profile", "users/profile/metadata"]);
const INVITATION = /^invite-(?:user|existing-user)$/;

/**
 * The users that an admin event's path names, whatever its resource type. Keycloak writes paths decoded. Where a part is
 * not known, both readings of it are given: to re-read a user who does not exist is harmless, to miss one is not.
 */
export function usersInPath(path: string): NamedUser[] {
  if (NOBODY.has(path)) return [];
  if (path.startsWith("users/")) {
    const rest = path.slice("users/".length);
    const [, id, ...parts] = WITH_PART.exec(rest) ?? [];
    if (id !== undefined) return [{ id, part: parts.find((part) => part !== undefined) ?? null }];
    return readings(rest);
  }
  const rest = ELSEWHERE.exec(path)?.[1];
  return rest === undefined || INVITATION.test(rest) ? [] : readings(rest);
}

function readings(rest: string): NamedUser[] {
  const whole = { id: rest, part: null };
  const [first = "", ...more] = rest.split("/");
  if (rest === "") return [];
  return first === "" || more.length === 0 ? [whole] : [whole, { id: first, part: more.join("/") }];
}
