import type { NewRegistration, User } from "@libs/database";
import { REGISTRATION_MARK } from "../../ports.ts";
import type { SyncDeps } from "./sync-deps.ts";

export type UndoOutcome = { state: "completed"; user: User } | { state: "undone" | "left" };

/**
 * Undoes a registration whose Keycloak user was made but whose local write failed, or whose outcome is not known.
 * `pending → undoing` is committed before Keycloak's user is deleted, so that a completion can't win afterwards; and a
 * completion that did win (its answer was lost) is found and kept.
 * @returns `left` when the row or the user could not be reached: the row stays as it is, for recovery
 */
export async function undoRegistration(
  deps: SyncDeps,
  registrationId: string,
  keycloakUserId: string,
  reason: string,
): Promise<UndoOutcome> {
  const log = deps.logger.child({ registrationId, userId: keycloakUserId, reason });
  try {
    const won = await deps.registrations.beginUndo(registrationId, keycloakUserId, reason, deps.now());
    if (!won) {
      const user = await completedUser(deps, registrationId, keycloakUserId);
      if (user) return { state: "completed", user };
    }
    await deps.keycloak.deleteUser(keycloakUserId);
    await deps.registrations.finishUndo(registrationId, deps.now());
    deps.metrics.registrationUndo("undone");
    log.warn("registration undone: the local write failed, the Keycloak user was deleted");
    return { state: "undone" };
  } catch (error) {
    deps.metrics.registrationUndo("left");
    log.error({ err: error }, "registration could not be undone: its row is left for recovery");
    return { state: "left" };
  }
}

async function completedUser(deps: SyncDeps, registrationId: string, userId: string): Promise<User | null> {
  const row = await deps.registrations.findById(registrationId);
  return row?.state === "completed" ? await deps.users.findById(userId) : null;
}

/**
 * Looks for a user whose creation got no answer, and undoes it. Only a user that carries this registration's own mark
 * is touched; without one the row stays `pending`, because the create may still land.
 */
export async function undoLostCreate(deps: SyncDeps, registration: NewRegistration, reason: string): Promise<void> {
  const [found] = await deps.keycloak.searchUsers({ username: registration.username, exact: true, max: 1 });
  const user = found && (await deps.keycloak.getUser(found.id));
  if (user?.attributes[REGISTRATION_MARK]?.includes(registration.id)) {
    await undoRegistration(deps, registration.id, user.id, reason);
  } else {
    await deps.registrations.recordAttempt(registration.id, reason, deps.now());
    deps.logger.warn({ registrationId: registration.id, reason }, "registration got no answer from Keycloak");
  }
}
