import { RETRIED, type Registration, type RegistrationRepository, type UserRepository } from "@libs/database";
import { isAuthError } from "@libs/problems";
import type { AuthMetrics } from "../../metrics/metrics.ts";
import type { KeycloakUser, KeycloakUserRepository } from "../../ports/ports.ts";
import type { Sweep } from "../../workers/index.ts";
import { backOff, later } from "../shared/back-off.ts";
import { findMarkedUser, markOf } from "../shared/find-marked-user.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

/** For {@link recoverRegistration}: of a registration it may have to take any step. */
export type RecoverRegistrationDeps = Pick<SyncDeps, "now" | "logger"> & {
  registrations: RegistrationRepository;
  keycloak: Pick<KeycloakUserRepository, "getUser" | "searchUsers" | "deleteUser">;
  users: Pick<UserRepository, "findById">;
  metrics: Pick<AuthMetrics, "registrationRecovery" | "registrationUndo">;
};

/** For {@link registrationSweep}. */
export type RegistrationSweepDeps = RecoverRegistrationDeps & {
  metrics: Pick<AuthMetrics, "registrationBacklog">;
};

/** Older rows come from a restored backup or a bug, not from a crash: a person decides. Milliseconds. */
const tooOldMs = 24 * 3_600_000;
/** A worker that dies gives its rows back after this. Milliseconds. */
const claimMs = 15_000;
const batchSize = 20;
/** How often a process counts what is not finished. Milliseconds. */
const countEveryMs = 5_000;

/** Finishes registrations that nobody works on any more: a crash, an outage or a lost answer left them. */
export function registrationSweep(deps: RegistrationSweepDeps): Sweep {
  let countedAt = Number.NEGATIVE_INFINITY;
  return {
    name: "registrations",
    run: async () => {
      if (deps.now().getTime() - countedAt >= countEveryMs) {
        countedAt = deps.now().getTime();
        deps.metrics.registrationBacklog(await deps.registrations.backlog(), deps.now());
      }
      const due = await deps.registrations.claimDue(deps.now(), later(deps.now(), claimMs), batchSize);
      await Promise.all(due.map((row) => recoverRegistration(deps, row)));
      if (due.length > 0) countedAt = Number.NEGATIVE_INFINITY;
      return due.length;
    },
  };
}

/**
 * One check of a claimed row. What got no 201 must not exist: a user that carries the row's own mark is deleted, once the
 * row is `undoing`. A create that got no answer is looked for until it can no longer land.
 */
async function recoverRegistration(deps: RecoverRegistrationDeps, row: Registration): Promise<void> {
  const log = deps.logger.child({ registrationId: row.id, state: row.state });
  try {
    // Unless that person has said to go on.
    if (row.lastError !== RETRIED && deps.now().getTime() - row.createdAt.getTime() > tooOldMs) {
      await park(deps, row, "registration.too_old");
      return;
    }
    const user = await findMarkedUser(deps.keycloak, row);
    if (user) await takeBack(deps, row, user);
    else await finishWithoutUser(deps, row);
  } catch (error) {
    const code = isAuthError(error) ? error.code : error instanceof Error ? error.name : "unknown";
    log.warn({ err: error, attempts: row.attempts + 1 }, "registration could not be finished yet");
    deps.metrics.registrationRecovery("failed");
    // With the database away this fails too: then the claim ends by itself.
    await deps.registrations.recordAttempt(row.id, code, deps.now(), backOff(deps.now(), row.attempts)).catch(() => {});
  }
}

async function takeBack(deps: RecoverRegistrationDeps, row: Registration, user: KeycloakUser): Promise<void> {
  const local = await deps.users.findById(user.id);
  if (local && !local.deletedAt) {
    // Somebody provisioned this user by another way: it may have sessions and orders.
    await park(deps, row, "registration.user_in_use");
    return;
  }
  const { id } = row;
  const recoverAt = later(deps.now(), claimMs);
  const permitted =
    row.state === "undoing" ||
    (row.state === "pending"
      ? await deps.registrations.beginUndo(id, user.id, row.lastError ?? "registration.left", deps.now(), recoverAt)
      : await deps.registrations.reopen(id, user.id, "registration.landed_late", deps.now(), recoverAt));
  // Lost to its own process, or to a login that completed it.
  if (!permitted) return;
  await deps.keycloak.deleteUser(user.id);
  await deps.registrations.finishUndo(id, deps.now(), checkAgainAt(deps, row));
  deps.metrics.registrationUndo("undone");
  deps.metrics.registrationRecovery("undone");
  deps.logger.warn({ registrationId: id, userId: user.id }, "registration recovered: its Keycloak user was deleted");
}

async function finishWithoutUser(deps: RecoverRegistrationDeps, row: Registration): Promise<void> {
  const { id, state, keycloakUserId } = row;
  if (state === "undoing") {
    const other = keycloakUserId === null ? null : await deps.keycloak.getUser(keycloakUserId);
    if (other && markOf(other) !== id) {
      await park(deps, row, "registration.mark_missing");
      return;
    }
    await deps.registrations.finishUndo(id, deps.now(), nextCheck(deps, row));
    deps.metrics.registrationRecovery("undone");
    return;
  }
  const next = nextCheck(deps, row);
  if (next) {
    await deps.registrations.recordAttempt(id, row.lastError ?? "registration.left", deps.now(), next);
    deps.metrics.registrationRecovery("checked");
  } else if (state === "pending") {
    if (await deps.registrations.fail(id, "registration.not_created", deps.now()))
      deps.metrics.registrationRecovery("not_created");
  } else await deps.registrations.settle(id, deps.now());
}

/** Nobody was found: a create may still be on its way, soon rather than late. */
function nextCheck(deps: Pick<SyncDeps, "now">, row: Registration): Date | null {
  const last = checkAgainAt(deps, row);
  return last && new Date(Math.min(backOff(deps.now(), row.attempts).getTime(), last.getTime()));
}

/** A create that was sent twice on its way may land once more. */
function checkAgainAt(deps: Pick<SyncDeps, "now">, row: Registration): Date | null {
  return row.lostUntil && row.lostUntil > deps.now() ? row.lostUntil : null;
}

async function park(deps: RecoverRegistrationDeps, row: Registration, reason: string): Promise<void> {
  await deps.registrations.park(row.id, reason, deps.now());
  deps.metrics.registrationRecovery("parked");
  deps.logger.error(
    { registrationId: row.id, reason },
    "registration is parked: an operator must decide it (authctl registrations list)",
  );
}
