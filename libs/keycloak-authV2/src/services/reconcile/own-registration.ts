import type { Registration } from "@libs/database";
import type { KeycloakUser } from "../../ports/ports.ts";
import { markOf } from "../shared/find-marked-user.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

/**
 * The registration that made a Keycloak user, while it is not finished. Another's of the same name does not matter: the
 * user's own mark tells, so it is read in full.
 */
export async function unfinishedRegistrationOf(
  { keycloak, registrations }: Pick<SyncDeps, "keycloak" | "registrations">,
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
