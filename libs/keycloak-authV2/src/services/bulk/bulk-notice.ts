/**
 * What is said about a user that is not simply in step.
 *
 * - `unfinished`: its registration is not finished; left to the saga, which finishes or undoes it
 * - `collision`: somebody else here has the username or email, in Keycloak too; not written
 * - `service_account`: no person; never brought over
 * - `no_names`, `no_email`: brought over as it is; Keycloak may refuse its login until its profile is complete
 * - `federated`: comes from a user federation (`f:…`); brought over like any other
 * - `no_created_time`: found by the last pass, without a window; brought over like any other
 * - `deletion_held`: gone from Keycloak, but more than may become tombstones without `allowDeletes`
 * - `failed`: see `error`; `keycloak.unreadable_user`: Keycloak answers for others, and never for this one
 * @see {@link BulkRunOptions}
 */
export type BulkNoticeKind =
  | "unfinished"
  | "collision"
  | "service_account"
  | "no_names"
  | "no_email"
  | "federated"
  | "no_created_time"
  | "deletion_held"
  | "failed";

/**
 * Something about one user that a run reports.
 * @see {@link BulkRunOptions}
 */
export interface BulkNotice {
  kind: BulkNoticeKind;
  /** Keycloak's user id; of users that Keycloak fails to show, `created` and about when. */
  userId: string;
  username: string | null;
  /** A stable code; with `failed`, `unfinished`, `collision` and `deletion_held`. */
  error?: string;
}
