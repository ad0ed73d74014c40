import type { KeycloakTicket, SessionRepository, User, UserRepository } from "@libs/database";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import { later } from "../shared/back-off.ts";
import { profileOf } from "../shared/keycloak-profile.ts";
import { type ApplyReadDeps, applyRead, type Reconciliation, type UserRead } from "./apply-read.ts";
import { ABSENCE_UNPROVEN, DELETIONS_PAUSED, NAME_COLLISION, type ReconcileOutcome } from "./reconcile-outcome.ts";

const MINUTE_MS = 60_000;

/** For {@link removeAbsentUsers}. */
export type RemoveAbsentUsersDeps = ApplyReadDeps & {
  users: Pick<UserRepository, "findByIds" | "countDeletedSince" | "markDeleted">;
  sessions: Pick<SessionRepository, "endLive">;
  keycloak: Pick<KeycloakUserRepository, "getUser">;
};

/**
 * Makes tombstones of local users whom a read did not find, once Keycloak says "no such user" of each by its id, and ends
 * their sessions; Keycloak's went with the user.
 * @throws AuthError `keycloak.*`; what the repositories throw
 */
export async function removeAbsentUsers(
  reconciliation: Reconciliation<RemoveAbsentUsersDeps>,
  read: UserRead,
): Promise<Map<string, ReconcileOutcome>> {
  const outcomes = new Map<string, ReconcileOutcome>(
    read.absent.map((id) => [id, { outcome: "absent", enabled: false }]),
  );
  if (outcomes.size === 0) return outcomes;
  const { users, now } = reconciliation.deps;
  const rows = await users.findByIds(read.absent);
  for (const { id } of rows.filter(({ deletedAt }) => deletedAt)) await endSessionsHere(reconciliation, id);
  const gone = rows.filter(({ deletedAt }) => !deletedAt);
  if (gone.length === 0) return outcomes;
  let allowed = reconciliation.maxDeletionsPerMinute - (await users.countDeletedSince(later(now(), -MINUTE_MS)));
  for (const row of gone) {
    if (read.unproven.has(row.id)) outcomes.set(row.id, { error: ABSENCE_UNPROVEN, own: false });
    else if (allowed <= 0) outcomes.set(row.id, { error: DELETIONS_PAUSED, own: false });
    else {
      const outcome = await removeUser(reconciliation, row, read.ticket);
      if ("outcome" in outcome && outcome.outcome === "deleted") allowed -= 1;
      outcomes.set(row.id, outcome);
    }
  }
  return outcomes;
}

async function removeUser(
  reconciliation: Reconciliation<RemoveAbsentUsersDeps>,
  { id }: User,
  ticket: KeycloakTicket,
): Promise<ReconcileOutcome> {
  const { users, keycloak, logger, now } = reconciliation.deps;
  const user = await keycloak.getUser(id);
  if (user) {
    const outcome = (await applyRead(reconciliation, [profileOf(user)], ticket)).get(id)?.outcome;
    if (!outcome || outcome === "collision" || outcome === "unfinished") return { error: NAME_COLLISION, own: true };
    return { outcome, enabled: user.enabled };
  }
  if (!(await users.markDeleted(id, now(), ticket))) return { outcome: "stale", enabled: false };
  logger.info({ userId: id }, "user is gone from Keycloak: local row became a tombstone");
  await endSessionsHere(reconciliation, id);
  return { outcome: "deleted", enabled: false };
}

async function endSessionsHere({ deps }: Reconciliation<RemoveAbsentUsersDeps>, userId: string): Promise<void> {
  await deps.sessions.endLive({ userId }, "user_deleted", deps.now());
}
