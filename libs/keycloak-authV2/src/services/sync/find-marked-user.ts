import type { Registration } from "@libs/database";
import { type KeycloakUser, type KeycloakUserRepository, REGISTRATION_MARK } from "../../ports.ts";

/** The registration that made this Keycloak user, if one did. */
export function markOf(user: KeycloakUser): string | undefined {
  return user.attributes[REGISTRATION_MARK]?.[0];
}

/** The Keycloak user that carries this registration's own mark, or null. Lists carry no attributes: it is read in full. */
export async function findMarkedUser(
  keycloak: KeycloakUserRepository,
  registration: Pick<Registration, "id" | "username"> & { keycloakUserId?: string | null },
): Promise<KeycloakUser | null> {
  const { id, username, keycloakUserId } = registration;
  const remembered = keycloakUserId ? await keycloak.getUser(keycloakUserId) : null;
  if (remembered && markOf(remembered) === id) return remembered;
  const [found] = await keycloak.searchUsers({ username, exact: true, max: 1 });
  const user = found ? await keycloak.getUser(found.id) : null;
  return user && markOf(user) === id ? user : null;
}

/** Who holds a username or email in Keycloak, read in full, or null. */
export async function findHolder(
  keycloak: KeycloakUserRepository,
  names: { username: string; email: string },
): Promise<KeycloakUser | null> {
  const [byName] = await keycloak.searchUsers({ username: names.username, exact: true, max: 1 });
  const [found] = byName ? [byName] : await keycloak.searchUsers({ email: names.email, exact: true, max: 1 });
  return found ? await keycloak.getUser(found.id) : null;
}
