import type { UserRepository } from "@libs/database";
import { AuthError } from "@libs/problems";
import type { KeycloakUserRepository } from "../../ports/ports.ts";

/** For {@link assertKeycloakUser}. */
export interface AssertKeycloakUserDeps {
  users: Pick<UserRepository, "findById">;
  keycloak: Pick<KeycloakUserRepository, "getUser" | "searchUsers">;
}

/**
 * Refuses a login whose token names somebody by another id than Keycloak's own, as a client with pairwise subjects does:
 * a row under that id would be a second user for the same person. Who has a live row is known; of the others Keycloak is
 * asked, so that nothing is ever written under an id that is no user's.
 * @param login `sub` and `preferred_username` of its token
 * @throws AuthError `keycloak.misconfigured`; `auth.invalid_credentials` for somebody who was deleted meanwhile;
 *   `keycloak.*` when nobody can answer
 */
export async function assertKeycloakUser(
  { users, keycloak }: AssertKeycloakUserDeps,
  { id, username }: { id: string; username: string },
): Promise<void> {
  const row = await users.findById(id);
  if (row && !row.deletedAt) return;
  if (await keycloak.getUser(id)) return;
  const [namesake] = username === "" ? [] : await keycloak.searchUsers({ username, exact: true, max: 1 });
  if (username !== "" && !namesake) throw new AuthError("auth.invalid_credentials", { internal: "deleted meanwhile" });
  const internal = "login: the token's sub is not a user id: remove the pairwise subject mapper from the client";
  throw new AuthError("keycloak.misconfigured", { internal });
}
