import type { NewRegistration, RegistrationRepository, User, UserRepository } from "@libs/database";
import type { AuthMetrics } from "../../metrics/metrics.ts";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import { backOff, later } from "../shared/back-off.ts";
import { findMarkedUser } from "../shared/find-marked-user.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

type LeaveToRecoveryDeps = Pick<SyncDeps, "now" | "wake"> & {
  registrations: Pick<RegistrationRepository, "recordAttempt">;
};

type OutcomeOfOthersDeps = Pick<SyncDeps, "logger"> & {
  registrations: Pick<RegistrationRepository, "findById">;
  users: Pick<UserRepository, "findById">;
};

/** For {@link undoRegistration}. */
export type UndoRegistrationDeps = Pick<SyncDeps, "now" | "logger" | "registrationTimes"> & {
  registrations: Pick<RegistrationRepository, "beginUndo" | "finishUndo">;
  keycloak: Pick<KeycloakUserRepository, "deleteUser">;
  metrics: Pick<AuthMetrics, "registrationUndo">;
} & OutcomeOfOthersDeps &
  LeaveToRecoveryDeps;

/** For {@link undoLostCreate}, which first looks for whom Keycloak may have made. */
export type UndoLostCreateDeps = UndoRegistrationDeps & {
  keycloak: Pick<KeycloakUserRepository, "getUser" | "searchUsers">;
};

export type UndoOutcome = { state: "completed"; user: User } | { state: "undone" | "left" };

/**
 * Undoes a registration whose Keycloak user was made but whose local write failed, or whose outcome is not known.
 * `pending → undoing` is committed before Keycloak's user is deleted, so that a completion can't win afterwards; and a
 * completion that did win (its answer was lost) is found and kept. Only an `undoing` row permits the deletion.
 * @param checkAgainAt when to search once more for a user that lands late; null where Keycloak has answered
 * @returns `left` when the row or the user could not be reached: the row stays as it is, and recovery is woken
 */
export async function undoRegistration(
  deps: UndoRegistrationDeps,
  registrationId: string,
  keycloakUserId: string,
  reason: string,
  checkAgainAt: Date | null = null,
): Promise<UndoOutcome> {
  const log = deps.logger.child({ registrationId, userId: keycloakUserId, reason });
  try {
    const recoverAt = later(deps.now(), deps.registrationTimes.recoveryAfterMs);
    const won = await deps.registrations.beginUndo(registrationId, keycloakUserId, reason, deps.now(), recoverAt);
    const other = won ? null : await outcomeOfOthers(deps, registrationId);
    if (other) return other;
    await deps.keycloak.deleteUser(keycloakUserId);
    await deps.registrations.finishUndo(registrationId, deps.now(), checkAgainAt);
    deps.metrics.registrationUndo("undone");
    log.warn("registration undone: the local write failed, the Keycloak user was deleted");
    return { state: "undone" };
  } catch (error) {
    deps.metrics.registrationUndo("left");
    log.error({ err: error }, "registration could not be undone: its row is left for recovery");
    await leaveToRecovery(deps, registrationId, reason).catch(() => {});
    return { state: "left" };
  }
}

/** What became of a row that is no longer `pending`; null where it is `undoing`: then whoever comes first deletes. */
async function outcomeOfOthers(deps: OutcomeOfOthersDeps, registrationId: string): Promise<UndoOutcome | null> {
  const row = await deps.registrations.findById(registrationId);
  if (row?.state === "undoing") return null;
  if (row?.state === "undone") return { state: "undone" };
  const user = row?.state === "completed" && row.keycloakUserId ? await deps.users.findById(row.keycloakUserId) : null;
  if (user) return { state: "completed", user };
  deps.logger.error({ registrationId, state: row?.state }, "registration is in a state that can't be undone");
  return { state: "left" };
}

async function leaveToRecovery(deps: LeaveToRecoveryDeps, registrationId: string, reason: string): Promise<void> {
  await deps.registrations.recordAttempt(registrationId, reason, deps.now(), backOff(deps.now(), 0));
  deps.wake("registrations");
}

/**
 * Looks for a user whose creation got no answer, and undoes it. Only a user that carries this registration's own mark
 * is touched; without one the row stays `pending`, because the create may still land: recovery goes on looking.
 */
export async function undoLostCreate(
  deps: UndoLostCreateDeps,
  registration: NewRegistration,
  reason: string,
): Promise<void> {
  const { id, lostUntil } = registration;
  try {
    const user = await findMarkedUser(deps.keycloak, { ...registration, createdAt: registration.now });
    if (user) {
      await undoRegistration(deps, id, user.id, reason, lostUntil);
      return;
    }
    deps.logger.warn({ registrationId: id, reason }, "registration got no answer from Keycloak");
  } catch (error) {
    deps.logger.warn({ registrationId: id, reason, err: error }, "registration got no answer, and Keycloak is away");
  }
  await leaveToRecovery(deps, id, reason);
}
