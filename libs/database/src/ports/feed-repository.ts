/**
 * What is to be reconciled. `user`: fields, enabled, existence. `sessions`: which sessions of a user still live.
 * `session`: the same, named by one `sid`. `credentials`: sessions of a user that started before a password changed.
 * `removed_credential`: the same, where it was the password that was removed.
 * `not_before`: sessions of everybody whose tokens the realm or our client no longer takes. `every_user`: everybody, after a change of many that names none. The subject of these two is `realm`.
 * @see {@link FeedRepository}
 */
export type NoticeKind =
  | "user"
  | "sessions"
  | "session"
  | "credentials"
  | "removed_credential"
  | "every_user"
  | "not_before";

/**
 * Who recorded it: Keycloak's stored events, its back-channel logout, a login or a reconciliation that brought a new
 * user, who has to be checked, a full reconciliation; `reconcile`: the rolling reconciliation found a difference.
 * `registration`: the event of a create of our own, while its registration is not completed; recorded once by that
 * alone (version 1), it needs no reconciliation once it is.
 * @see {@link FeedRepository}
 */
export type NoticeSource =
  | "user_events"
  | "admin_events"
  | "backchannel_logout"
  | "registration"
  | "login"
  | "full_reconciliation"
  | "reconcile";

/**
 * A change notice to store.
 * @see {@link FeedRepository}
 */
export interface NewNotice {
  kind: NoticeKind;
  /** Keycloak's user id; for `session` the `sid`; for what is the realm's `realm`. */
  subject: string;
  source: NoticeSource;
  /** Keycloak's time of the change; null: not known. */
  changedAt: Date | null;
  /** With `credentials`: the `sid` that made the change and stays. */
  keepSession?: string | null;
  /** Not handled before this; left out: at once. */
  notBefore?: Date;
}

/**
 * A change notice that waits, or a dead letter.
 * @see {@link FeedRepository}
 */
export interface ChangeNotice {
  id: bigint;
  kind: NoticeKind;
  subject: string;
  source: NoticeSource;
  changedAt: Date | null;
  keepSession: string | null;
  /** Grows each time it is recorded. */
  version: bigint;
  /** How often it has been handled since it was recorded last. */
  passes: number;
  attempts: number;
  /** An error code, never a message. */
  lastError: string | null;
  nextAttemptAt: Date;
  /** Set: a dead letter. */
  deadAt: Date | null;
  createdAt: Date;
}

/**
 * A notice as it was claimed: one that was recorded again meanwhile has a higher version, and is left alone.
 * @see {@link FeedRepository}
 */
export type ClaimedNotice = Pick<ChangeNotice, "id" | "version">;

/**
 * One event of a source, and its change notices; none when it means nothing here.
 * @see {@link FeedRepository}
 */
export interface FeedEvent {
  /** Unique within its source. */
  id: string;
  notices: readonly NewNotice[];
}

/**
 * What one read of a source of events brought.
 * @see {@link FeedRepository}
 */
export interface EventBatch {
  source: string;
  events: readonly FeedEvent[];
  /** Stored with the notices, so that it never runs ahead of them. Left out: unchanged. */
  position?: unknown;
  /** Refused when somebody else has had this lease since. */
  lease?: { name: string; fence: bigint };
}

/**
 * How many change notices are not handled yet.
 * @see {@link FeedRepository}
 */
export interface FeedBacklog {
  /** Both are counted up to {@link COUNTED_AT_MOST}. */
  waiting: number;
  dead: number;
  /** Of the notices that wait for their first pass: Keycloak's time of the oldest change, or when it was recorded. */
  oldestChangedAt: Date | null;
}

/**
 * PORT: the inbox of notices, and where the readers of Keycloak's events are.
 * @example
 * ```ts
 * import type {
 *   ChangeNotice,
 *   ClaimedNotice,
 *   EventBatch,
 *   FeedBacklog,
 *   FeedEvent,
 *   FeedRepository,
 *   NewNotice,
 *   NoticeKind,
 *   NoticeSource,
 * } from "@libs/database";
 *
 * const kind: NoticeKind = "user";
 * const source: NoticeSource = "user_events";
 * const notice: NewNotice = { kind, source, subject: "b6f0c3e2-…", changedAt: new Date() };
 * const event: FeedEvent = { id: "e1", notices: [notice] };
 * const batch: EventBatch = { source, events: [event], position: { until: 1 } };
 *
 * export async function handleOnce(feed: FeedRepository, now: Date): Promise<FeedBacklog> {
 *   await feed.storeEvents(batch, now);
 *   const due: ChangeNotice[] = await feed.claimDue(now, new Date(now.getTime() + 30_000), 100);
 *   const claimed: ClaimedNotice[] = due;
 *   await feed.complete(claimed, now);
 *   return feed.backlog();
 * }
 * ```
 */
export interface FeedRepository {
  /**
   * Stores notices. One that waits already is recorded again: its version grows, the newest `changedAt` counts (with
   * its `keepSession`), the earlier time of handling, and its passes begin anew; so one that is being handled may be
   * claimed by another meanwhile. A full reconciliation does not take over what another source recorded. A dead letter
   * comes back with no attempts. Duplicates within the list are one.
   */
  addNotices(notices: readonly NewNotice[], now: Date): Promise<void>;
  /**
   * One transaction: marks the events as seen, stores the notices of those that were not seen before, and the position.
   * @returns ids of the events that were new; null when the lease was lost (nothing is written)
   */
  storeEvents(batch: EventBatch, now: Date): Promise<string[] | null>;
  /** @returns when a reader stored its position last, and what; null: never */
  readPosition(source: string): Promise<{ position: unknown; updatedAt: Date } | null>;
  /**
   * Takes notices that are due, the longest due first and those of a full reconciliation last, each for one caller: until
   * `claimedUntil` nobody else gets it, and then it is due again, should this caller have died.
   */
  claimDue(now: Date, claimedUntil: Date, limit: number): Promise<ChangeNotice[]>;
  /** Handled: removed, unless recorded again meanwhile (then it is due at once). */
  complete(notices: readonly ClaimedNotice[], now: Date): Promise<void>;
  /** Handled for now, `passes + 1`, no attempts, due once more at `at`, unless recorded again meanwhile. */
  scheduleSecondPass(notices: readonly ClaimedNotice[], at: Date): Promise<void>;
  /** Not handled: due again at `at`. @param countAttempt false when it is not the subject's fault (an outage) */
  postpone(notices: readonly ClaimedNotice[], error: string, at: Date, countAttempt: boolean): Promise<void>;
  /** Counts the attempt and makes a dead letter of it, unless recorded again meanwhile. */
  moveToDeadLetters(notice: ClaimedNotice, error: string, now: Date): Promise<void>;
  /** The dead letters, in the order of their ids. @param options at most `limit` (100) of those `after` an id */
  listDead(options?: { limit?: number; after?: bigint }): Promise<ChangeNotice[]>;
  /** Has dead letters handled again, with no attempts. @param ids default: all @returns how many */
  replay(now: Date, ids?: readonly bigint[]): Promise<number>;
  backlog(): Promise<FeedBacklog>;
  /** How many notices wait, put off for one of these reasons. @param errors as given to {@link postpone} */
  countPostponed(errors: readonly string[]): Promise<number>;
  /**
   * Notices for every live local user: what a full reconciliation begins with. Several statements, with many users.
   * @param only `sessions`: users with live sessions, and those sessions alone
   * @returns how many users were covered
   */
  addNoticesForAllUsers(source: NoticeSource, now: Date, only?: "sessions"): Promise<number>;
  /** @returns how many were removed */
  pruneSeenEvents(before: Date, limit: number): Promise<number>;
}

/**
 * PORT: work that one replica does for all. The database's clock counts.
 * @example
 * ```ts
 * import type { LeaseRepository } from "@libs/database";
 *
 * export async function onOneReplica(leases: LeaseRepository, work: () => Promise<void>): Promise<void> {
 *   const fence = await leases.take("report", "replica-1", 30_000);
 *   if (fence === null) return; // another replica has it
 *   await work();
 *   await leases.release("report", "replica-1");
 * }
 * ```
 */
export interface LeaseRepository {
  /**
   * Takes a lease that is free, over, or this holder's own.
   * @param ttlMs how long it holds without being renewed, in milliseconds
   * @returns its fence, higher than any holder's before; unchanged when it was renewed in time; null: another has it
   */
  take(name: string, holder: string, ttlMs: number): Promise<bigint | null>;
  /** Gives it back early; does nothing when another has it. */
  release(name: string, holder: string): Promise<void>;
  /** The database's clock. */
  now(): Promise<Date>;
}

/**
 * PORT: numbers reads of Keycloak, see {@link KeycloakTicket}.
 * @see {@link UserRepository}
 */
export interface TicketRepository {
  /** Taken before a read of Keycloak, higher than every one before. */
  next(): Promise<KeycloakTicket>;
}

/**
 * Number of a read of Keycloak, taken before it. A write takes a number of its own from the same count: a result is
 * written only where the row was written last before its read began, so that two reads which overlap never write over
 * each other in the wrong order.
 * @see {@link UserRepository}
 */
export type KeycloakTicket = bigint;
