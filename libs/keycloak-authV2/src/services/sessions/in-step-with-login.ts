import type { FeedRepository, KeycloakProfile, User, UserRepository } from "@libs/database";
import { remainingMs } from "@libs/observability";
import { isFailure } from "../reconcile/reconcile-outcome.ts";
import { type ReconcileUsersDeps, reconcileUsers } from "../reconcile/reconcile-users.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

/** For {@link inStepWithLogin}. */
export type InStepWithLoginDeps = Pick<SyncDeps, "now" | "wake" | "logger"> & {
  users: Pick<UserRepository, "findById">;
  feed: Pick<FeedRepository, "addNotices">;
} & ReconcileUsersDeps;

/** What is left of the login's time when Keycloak may still be asked. Milliseconds. */
const ENOUGH_MS = 1_500;

/**
 * Reconciles a user whose row differs from what the login's token says. The token may be older than what wrote the
 * row, so it is not written: Keycloak is asked. When that fails, the change feed reconciles later. Never rejects.
 * @param claimed by the token; what it leaves out (the realm decides which claims there are) says nothing
 * @returns the row as it is then
 */
export async function inStepWithLogin(deps: InStepWithLoginDeps, row: User, claimed: KeycloakProfile): Promise<User> {
  if (agrees(row, claimed)) return row;
  const { id } = row;
  try {
    const outcome = remainingMs(ENOUGH_MS) < ENOUGH_MS ? undefined : (await reconcileUsers(deps, [id])).get(id);
    if (outcome && !isFailure(outcome)) return (await deps.users.findById(id)) ?? row;
    await deps.feed.addNotices([{ kind: "user", subject: id, source: "login", changedAt: null }], deps.now());
    deps.wake("notices");
  } catch (error) {
    deps.logger.warn({ err: error, userId: id }, "a changed user could not be reconciled: the login continues");
  }
  return row;
}

function agrees(row: User, claimed: KeycloakProfile): boolean {
  const fields = ["username", "email", "firstName", "lastName"] as const;
  return (
    row.enabled === claimed.enabled &&
    (claimed.email === null || row.emailVerified === claimed.emailVerified) &&
    fields.every((field) => claimed[field] === null || claimed[field] === row[field])
  );
}
