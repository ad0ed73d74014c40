import type { NoticeKind } from "./feed-repository.ts";
import type { LiveSession } from "./session.ts";

/**
 * How many live users there are, how many of them are enabled, and how many have a verified email.
 * @see {@link ReconcileRepository}
 */
export interface UserCounts {
  live: number;
  enabled: number;
  emailVerified: number;
}

/**
 * A live user, and when Keycloak created it.
 * @see {@link ReconcileRepository}
 */
export interface DatedUser {
  id: string;
  createdAt: Date;
}

/**
 * A live session that nothing has shown to live in Keycloak since some time.
 * @see {@link ReconcileRepository}
 */
export type IdleSession = LiveSession & {
  /** Its user is live and enabled here. */
  userMayLogIn: boolean;
};

/**
 * PORT: what reconciliation asks of the local side. No call's cost grows with the number of users: counts are kept, lists
 * are read in pages by an index.
 * @example
 * ```ts
 * import type { DatedUser, IdleSession, ReconcileRepository, UserCounts } from "@libs/database";
 *
 * export async function inspect(local: ReconcileRepository, day: Date): Promise<void> {
 *   const counts: UserCounts = await local.countUsers();
 *   const next = await local.nextBoundary(day, 1000);
 *   const users: DatedUser[] = next ? await local.listCreatedBetween(day, next, null, 100) : [];
 *   const idle: { sessions: IdleSession[] } = await local.listIdleSessions("", day, 100);
 *   console.log(counts.live, users.length, idle.sessions.filter((session) => !session.userMayLogIn));
 * }
 * ```
 */
export interface ReconcileRepository {
  /** The kept counts, as of this moment. */
  countUsers(): Promise<UserCounts>;
  /**
   * Makes one row of the oldest of the changes that the counts are kept as.
   * @param limit how many, two at least
   * @returns how many it took; less than the limit: no more are left, or others take them
   */
  foldCounts(limit: number): Promise<number>;
  /** The time of the last of the next so many live users, by Keycloak's created time; null: there are fewer. */
  nextBoundary(after: Date, users: number): Promise<Date | null>;
  /** Live users created from then to then, both included, in that order. @param after the last of the page before */
  listCreatedBetween(from: Date, to: Date, after: DatedUser | null, limit: number): Promise<DatedUser[]>;
  /** Live users created from then to then, both included: for spans of some thousands. */
  countCreatedBetween(from: Date, to: Date): Promise<UserCounts>;
  /** Keeps when Keycloak created users, where it is not known yet or was otherwise. A row that is locked is left out. */
  recordCreatedTimes(users: readonly DatedUser[]): Promise<void>;
  /**
   * Looks through some users, in the order of their ids, for live ones whose created time is not known.
   * @param after the `last` of the call before, or ""
   * @param users how many are looked through
   */
  listUndated(after: string, users: number): Promise<{ ids: string[]; last: string | null }>;
  /**
   * Looks through the live sessions of some users, in the order of the users' ids, for those neither begun nor refreshed
   * since a time, and those of users who may not log in.
   * @param after the `last` of the call before, or ""
   * @param users how many users are looked through
   */
  listIdleSessions(
    after: string,
    provenSince: Date,
    users: number,
  ): Promise<{ sessions: IdleSession[]; last: string | null }>;
  /** How many of these ids come no later than another, in the order of the lists above. */
  countUpTo(id: string, ids: readonly string[]): Promise<number>;
  /** Which of these are dead letters. */
  findDeadLetters(kind: NoticeKind, subjects: readonly string[]): Promise<string[]>;
}
