import type { FeedRepository, KeycloakProfile, User, UserRepository } from "@libs/database";
import { remainingMs } from "@libs/observability";
import { type LookAtUsersDeps, lookAtUsers } from "../reconcile/look-at-users.ts";
import { isFailure } from "../reconcile/look-outcome.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

/** For {@link inStepWithLogin}. */
export type InStepWithLoginDeps = Pick<SyncDeps, "now" | "wake" | "logger"> & {
  users: Pick<UserRepository, "findById">;
  feed: Pick<FeedRepository, "addHints">;
} & LookAtUsersDeps;

/** What is left of the login's time when Keycloak may still be asked. Milliseconds. */
const ENOUGH_MS = 1_500;

/**
 * Has a user looked at whose row differs from what the login's token says. The token may be older than what wrote the
 * row, so it is not written: Keycloak is asked. When that fails, the change feed looks later. Never rejects.
 * @param told by the token; what it leaves out (the realm decides which claims there are) says nothing
 * @returns the row as it is then
 */
export async function inStepWithLogin(deps: InStepWithLoginDeps, row: User, told: KeycloakProfile): Promise<User> {
  if (agrees(row, told)) return row;
  const { id } = row;
  try {
    const look = remainingMs(ENOUGH_MS) < ENOUGH_MS ? undefined : (await lookAtUsers(deps, [id])).get(id);
    if (look && !isFailure(look)) return (await deps.users.findById(id)) ?? row;
    await deps.feed.addHints([{ kind: "user", subject: id, source: "login", changedAt: null }], deps.now());
    deps.wake("hints");
  } catch (error) {
    deps.logger.warn({ err: error, userId: id }, "a changed user could not be reconciled: the login continues");
  }
  return row;
}

function agrees(row: User, told: KeycloakProfile): boolean {
  const fields = ["username", "email", "firstName", "lastName"] as const;
  return (
    row.enabled === told.enabled &&
    (told.email === null || row.emailVerified === told.emailVerified) &&
    fields.every((field) => told[field] === null || told[field] === row[field])
  );
}
