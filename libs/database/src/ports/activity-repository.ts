/** `area.event`, past tense. */
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

export interface Activity {
  id: string;
  userId: string | null;
  type: ActivityType;
  at: Date;
  ipAddress: string | null;
  userAgent: string | null;
  details: Record<string, unknown>;
}

/** A row's place in the order of a log. */
export type ActivityPosition = Pick<Activity, "at" | "id">;

export interface FailedLogin extends Pick<Activity, "at" | "ipAddress" | "userAgent"> {
  /** As it was typed: username, email, or anything else. Never stored. */
  name: string;
  /** A stable code. */
  reason: string;
}

/** PORT: the append-only activity log. */
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
