/**
 * `area.event`, past tense.
 * @see {@link ActivityRepository}
 */
export type ActivityType =
  | "user.registered"
  | "session.started"
  | "session.ended"
  | "session.refresh_token_reused"
  | "login.failed"
  | "role.granted"
  | "role.revoked"
  /** A grant to an email became its user's. */
  | "role.taken_over"
  | "role.defined"
  | "role.deleted";

/**
 * A row of the activity log.
 * @see {@link ActivityRepository}
 */
export interface Activity {
  id: string;
  userId: string | null;
  type: ActivityType;
  at: Date;
  ipAddress: string | null;
  userAgent: string | null;
  details: Record<string, unknown>;
}

/**
 * A row's place in the order of a log.
 * @see {@link ActivityRepository}
 */
export type ActivityPosition = Pick<Activity, "at" | "id">;

/**
 * A login that was refused.
 * @see {@link ActivityRepository}
 */
export interface FailedLogin extends Pick<Activity, "at" | "ipAddress" | "userAgent"> {
  /** As it was typed: username, email, or anything else. Never stored. */
  name: string;
  /** A stable code. */
  reason: string;
}

/**
 * PORT: the append-only activity log.
 * @example
 * ```ts
 * import type { Activity, ActivityPosition, ActivityRepository, ActivityType, FailedLogin } from "@libs/database";
 *
 * const ended: ActivityType = "session.ended";
 *
 * export async function logoutsOf(log: ActivityRepository, userId: string): Promise<Activity[]> {
 *   const first = await log.listByUser(userId, 100);
 *   const last: ActivityPosition | undefined = first.at(-1);
 *   const second = last ? await log.listByUser(userId, 100, last) : [];
 *   return [...first, ...second].filter(({ type }) => type === ended);
 * }
 *
 * const failed: FailedLogin = {
 *   name: "ada",
 *   reason: "auth.invalid_credentials",
 *   at: new Date(),
 *   ipAddress: "203.0.113.7",
 *   userAgent: null,
 * };
 * export const record = (log: ActivityRepository) => log.appendFailedLogin(failed);
 * ```
 */
export interface ActivityRepository {
  append(activity: Omit<Activity, "id">): Promise<void>;
  /**
   * Logs `login.failed`, for the live user whose username or email was given (compared without case). Where nobody has it
   * the row is nobody's, and does not show it: people type passwords there.
   */
  appendFailedLogin(failed: FailedLogin): Promise<void>;
  /** Newest first. @param before the last row of the page before */
  listByUser(userId: string, limit: number, before?: ActivityPosition): Promise<Activity[]>;
}
