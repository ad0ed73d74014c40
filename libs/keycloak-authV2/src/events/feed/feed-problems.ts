/**
 * What keeps the feed from being complete or in time.
 * @see {@link readFeedStatus}
 */
export type FeedProblemKind =
  | "user_events_off"
  | "admin_events_off"
  | "event_types_missing"
  | "retention_too_short"
  | "clock_skew"
  | "no_permission"
  | "canary_missing"
  | "behind"
  | "deletions_paused"
  | "dead_letters"
  | "feed_off"
  | "full_reconciliation_running"
  | "reconcile_late";

/** Work that is being done, on behalf of every replica: a replica that leaves the rotation for it helps nobody. */
const UNDER_WAY: ReadonlySet<string> = new Set([
  "full_reconciliation_running",
  "reconcile_late",
] satisfies FeedProblemKind[]);

/**
 * Whether changes are missing or late, and not only being caught up.
 * @param kind of a {@link FeedProblem}
 * @see {@link ChangeFeed}
 */
export const isIncomplete = (kind: string): boolean => !UNDER_WAY.has(kind);

/**
 * Something that is wrong with the feed at this moment.
 * @see {@link ChangeFeed}
 */
export interface FeedProblem {
  kind: FeedProblemKind;
  /** What an operator is to do. No secrets, no personal data. */
  todo: string;
  since: Date;
}

/** The problems of this moment. Reporting one again changes nothing; each change of state is logged once. */
export interface FeedProblems {
  report(kind: FeedProblemKind, todo: string): void;
  clear(kind: FeedProblemKind): void;
  list(): FeedProblem[];
}
