import type { Registration } from "@libs/database";
import type { AuthErrorCode } from "@libs/problems";
import {
  type KeycloakUser,
  type KeycloakUserRepository,
  REGISTRATION_MARK,
  type UserSearch,
} from "../../ports/ports.ts";
import { later } from "./back-off.ts";

type Keycloak = Pick<KeycloakUserRepository, "getUser" | "searchUsers">;

/** Whose user is looked for. */
export type Marked = Pick<Registration, "id" | "username" | "email" | "lostUntil"> & {
  keycloakUserId?: string | null;
  /** When it began. */
  createdAt: Date;
};

/** How far Keycloak's clock may be from ours. Milliseconds. */
const CLOCK_MARGIN_MS = 30 * 60_000;
/** More users of one email there are only where the realm allows duplicates. */
const MOST_NAMESAKES = 50;

/** The registration that made this Keycloak user, if one did. */
export function markOf(user: KeycloakUser): string | undefined {
  return user.attributes[REGISTRATION_MARK]?.[0];
}

/**
 * The Keycloak user that carries this registration's own mark, or null, whatever Keycloak called it: a realm may use the
 * email as username, and fold names in its own way. Lists carry no attributes, so whoever may be it is read in full.
 *
 * The search by the mark itself comes last, and within the time in which the user can have been made: Keycloak has no
 * index for it, and would read the attributes of all users.
 */
export async function findMarkedUser(keycloak: Keycloak, registration: Marked): Promise<KeycloakUser | null> {
  const { id, username, email, keycloakUserId, createdAt, lostUntil } = registration;
  const remembered = keycloakUserId ? await keycloak.getUser(keycloakUserId) : null;
  if (remembered && markOf(remembered) === id) return remembered;
  const seen = new Set<string>();
  const searches: UserSearch[] = [
    { username, exact: true },
    ...(email === null ? [] : [{ email, exact: true }]),
    {
      attribute: { name: REGISTRATION_MARK, value: id },
      createdAfter: later(createdAt, -CLOCK_MARGIN_MS),
      createdBefore: later(lostUntil ?? createdAt, CLOCK_MARGIN_MS),
    },
  ];
  for (const search of searches) {
    for (const { id: userId } of await keycloak.searchUsers({ ...search, max: MOST_NAMESAKES })) {
      if (seen.has(userId)) continue;
      seen.add(userId);
      const user = await keycloak.getUser(userId);
      if (user && markOf(user) === id) return user;
    }
  }
  return null;
}

/**
 * Who holds the name that Keycloak says is taken, read in full. In a realm that uses the email as username, "username"
 * is about the email; where people log in with both, each may be held as the other.
 * @param refusal Keycloak's: `registration.username_taken` | `registration.email_taken` | `registration.conflict`
 */
export async function findHolders(
  keycloak: Keycloak,
  { username, email }: Pick<Registration, "username" | "email">,
  refusal: AuthErrorCode,
): Promise<KeycloakUser[]> {
  const byUsername = (name: string | null): UserSearch[] => (name === null ? [] : [{ username: name, exact: true }]);
  const byEmail = (name: string | null): UserSearch[] => (name?.includes("@") ? [{ email: name, exact: true }] : []);
  const names = refusal === "registration.email_taken" ? [] : [...byUsername(username), ...byUsername(email)];
  const emails = refusal === "registration.username_taken" ? [] : byEmail(email);
  // The first explain nearly every refusal; the others are asked for only when those find nobody.
  for (const searches of [
    [...names, ...emails],
    [...byUsername(email), ...byEmail(username)],
  ]) {
    const found = await Promise.all(searches.map((search) => keycloak.searchUsers({ ...search, max: 2 })));
    const ids = [...new Set(found.flat().map(({ id }) => id))];
    const users = await Promise.all(ids.map((id) => keycloak.getUser(id)));
    const present = users.filter((user) => user !== null);
    if (present.length > 0) return present;
  }
  return [];
}
