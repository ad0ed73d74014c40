import { DatabaseTimeoutError, DatabaseUnavailableError, StatementRefusedError } from "@libs/database";
import { isAuthError } from "@libs/problems";
import { toAuthError } from "../shared/database-failure.ts";

/**
 * What reconciling a user found and did. `stale`: the row was written since the read began; another read decides.
 * `deleted`: gone from Keycloak, and a tombstone here since now. `absent`: gone from Keycloak, and nothing lives here.
 */
export type ReconcileOutcome = UserOutcome | ReconcileFailure;

export interface UserOutcome {
  outcome: "inserted" | "revived" | "updated" | "unchanged" | "stale" | "deleted" | "absent";
  /** Keycloak lets this user in. */
  enabled: boolean;
}

export interface ReconcileFailure {
  /** A stable code: of an `AuthError`, or `user.*` | `feed.*`. */
  error: string;
  /**
   * It is this user's own, and comes again however often it is reconciled; false: an outage, or something to wait
   * for.
   */
  own: boolean;
}

/** Keycloak's answer does not prove that the user is gone: it lacks a user who is known to be there. */
export const ABSENCE_UNPROVEN = "user.absence_unproven";
/** Gone from Keycloak, but more users went within this minute than may at once. */
export const DELETIONS_PAUSED = "feed.deletions_paused";
/** Somebody else here has the username or email, in Keycloak too. */
export const NAME_COLLISION = "user.name_collision";
/** Others wrote the row during each of several reads. */
export const CONTENDED = "user.contended";
/** The user's own registration is not finished. */
export const RECOVERING = "registration.recovering";

export function isFailure(outcome: ReconcileOutcome): outcome is ReconcileFailure {
  return "error" in outcome;
}

/** What a reconciliation threw: Keycloak's and the database's outages are nobody's own, refused values are. */
export function failureOf(error: unknown): ReconcileFailure {
  const { code } = toAuthError(error);
  return { error: error instanceof StatementRefusedError ? "user.refused_here" : code, own: isOwn(error) };
}

/** Whether reconciling fewer users may succeed. */
export function mayBeOneUsers(error: unknown): boolean {
  // A slow Keycloak is not asked more often because of it.
  if (isAuthError(error)) return !error.neverSent && error.code !== "keycloak.timeout";
  if (error instanceof StatementRefusedError) return VALUE_REFUSED.test(error.sqlState);
  return !(error instanceof DatabaseTimeoutError || error instanceof DatabaseUnavailableError);
}

/** Data exceptions, constraints, and what a trigger raises; not a missing table or right. */
const VALUE_REFUSED = /^(22|23|P0)/;

function isOwn(error: unknown): boolean {
  if (isAuthError(error)) return error.status < 500 || error.code === "internal.error";
  return mayBeOneUsers(error);
}
