import type { NewRegistration } from "@libs/database";
import { AuthError } from "@libs/problems";
import { type KeycloakUser, type KeycloakUserRepository, REGISTRATION_MARK } from "../../ports/ports.ts";

/**
 * Reads a user that a registration has just made. What Keycloak stored is what counts, not what was sent: a realm may use
 * the email as username, fold or drop what it was given, and change more by extensions of its own.
 *
 * A realm whose user profile does not declare the mark drops it without a word, and then no crash could ever be recovered
 * from: better no registration at all.
 * @returns the user in full
 * @throws AuthError `keycloak.misconfigured` when it does not carry its registration's mark; `registration.undone` when it
 *   is gone again; `keycloak.*`
 */
export async function readCreatedUser(
  keycloak: Pick<KeycloakUserRepository, "getUser">,
  userId: string,
  { id }: Pick<NewRegistration, "id">,
): Promise<KeycloakUser> {
  const user = await keycloak.getUser(userId);
  // Recovery was faster than a slow process.
  if (!user) throw new AuthError("registration.undone", { internal: "the new user is gone from Keycloak" });
  if (!user.attributes[REGISTRATION_MARK]?.includes(id)) {
    throw new AuthError("keycloak.misconfigured", {
      internal: `the realm's user profile drops ${REGISTRATION_MARK}: run "authctl realm apply"`,
    });
  }
  return user;
}
