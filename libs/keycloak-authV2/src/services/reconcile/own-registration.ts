import type { Registration, RegistrationRepository } from "@libs/database";
import type { KeycloakUser, KeycloakUserRepository } from "../../ports/ports.ts";
import { markOf } from "../shared/find-marked-user.ts";

/** For {@link unfinishedRegistrationOf}. */
export interface OwnRegistrationDeps {
  keycloak: Pick<KeycloakUserRepository, "getUser">;
  registrations: Pick<RegistrationRepository, "findById">;
}

/**
 * The registration that made a Keycloak user, while it is not finished. Another's of the same name does not matter: the
 * user's own mark shows, so it is read in full.
 */
export async function unfinishedRegistrationOf(
  { keycloak, registrations }: OwnRegistrationDeps,
  userId: string,
): Promise<{ user: KeycloakUser; row: Registration } | null> {
  const user = await keycloak.getUser(userId);
  const mark = user ? markOf(user) : undefined;
  const row = mark === undefined ? null : await registrations.findById(mark);
  return user && row && !isSettled(row) ? { user, row } : null;
}

/** Completed, or so long undone that nothing of it is looked for any more: a user with its mark is there for another reason. */
function isSettled({ state, nextAttemptAt }: Registration): boolean {
  return state === "completed" || ((state === "failed" || state === "undone") && nextAttemptAt === null);
}
