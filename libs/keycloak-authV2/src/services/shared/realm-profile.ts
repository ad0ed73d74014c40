import type { Logger } from "@libs/observability";
import { isAuthError } from "@libs/problems";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import { DEFAULT_USER_PROFILE, type UserProfile } from "../../ports/user-profile.ts";

/** How old a reading of the realm's user profile may be. Milliseconds. */
const MAX_AGE_MS = 60_000;
/** Between two tries while Keycloak does not answer. Milliseconds. */
const RETRY_MS = 5_000;

/** The realm's user profile, read now and then: an administrator's change counts within a minute. */
export interface RealmProfile {
  /**
   * One that is a minute old is read again; while Keycloak does not answer the last one holds.
   * @throws AuthError `keycloak.*` when it was never read
   */
  current(): Promise<UserProfile>;
  /** Has it read at the next use: Keycloak has shown that it is another by now. */
  forget(): void;
}

export interface RealmProfileDeps {
  keycloak: Pick<KeycloakUserRepository, "readUserProfile">;
  now: () => Date;
  logger: Logger;
}

export function createRealmProfile({ keycloak, now, logger }: RealmProfileDeps): RealmProfile {
  let known: UserProfile | undefined;
  let readAgainAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<UserProfile> | undefined;

  async function read(): Promise<UserProfile> {
    try {
      known = await keycloak.readUserProfile();
      readAgainAt = now().getTime() + MAX_AGE_MS;
    } catch (error) {
      if (isAuthError(error, "keycloak.forbidden")) {
        if (!known) logger.warn({ err: error }, "the realm's user profile can't be read: its default is assumed");
        known ??= DEFAULT_USER_PROFILE;
        readAgainAt = now().getTime() + MAX_AGE_MS;
      } else if (known) readAgainAt = now().getTime() + RETRY_MS;
      else throw error;
    }
    return known;
  }

  return {
    current: async () => {
      if (known && now().getTime() < readAgainAt) return known;
      reading ??= read().finally(() => {
        reading = undefined;
      });
      return await reading;
    },
    forget: () => {
      readAgainAt = Number.NEGATIVE_INFINITY;
    },
  };
}
