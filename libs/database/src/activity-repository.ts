/** `area.event`, past tense. */
export type ActivityType =
  | "user.registered"
  | "session.started"
  | "session.ended"
  | "session.refresh_token_reused"
  | "login.failed";

export interface Activity {
  id: string;
  userId: string | null;
  type: ActivityType;
  at: Date;
  ipAddress: string | null;
  userAgent: string | null;
  details: Record<string, unknown>;
}

/** PORT: the append-only activity log. */
export interface ActivityRepository {
  append(activity: Omit<Activity, "id">): Promise<void>;
  /** Newest first. */
  listByUser(userId: string, limit: number): Promise<Activity[]>;
}
