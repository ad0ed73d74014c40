import { AuthError } from "../../errors/index.ts";
import { type KeycloakUserRepository, REGISTRATION_MARK } from "../../ports.ts";

/**
 * @throws AuthError `keycloak.misconfigured` when the new user does not carry its registration's mark;
 *   `registration.undone` when it is gone again
 */
export type MarkCheck = (userId: string, registrationId: string) => Promise<void>;

/**
 * Looks once in a process whether Keycloak kept the mark of a new user. A realm whose user profile does not declare the
 * attribute drops it without a word, and then no crash could ever be recovered from: better no registration at all.
 */
export function createMarkCheck(keycloak: Pick<KeycloakUserRepository, "getUser">): MarkCheck {
  let kept = false;
  return async (userId, registrationId) => {
    if (kept) return;
    const user = await keycloak.getUser(userId);
    // Recovery was faster than a slow process.
    if (!user) throw new AuthError("registration.undone", { internal: "the new user is gone from Keycloak" });
    if (!user.attributes[REGISTRATION_MARK]?.includes(registrationId)) {
      throw new AuthError("keycloak.misconfigured", {
        internal: `the realm's user profile drops ${REGISTRATION_MARK}: run "authctl realm apply"`,
      });
    }
    kept = true;
  };
}
