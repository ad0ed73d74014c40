import type { BulkNoticeKind } from "./bulk-notice.ts";
import type { DifferenceKind } from "./difference.ts";

/**
 * `scanning`: by created time, or as one list where Keycloak ignores that; `last_pass`: all users once more by offset, because some have no created time;
 * `looking_for_extra`: who is only here; `catching_up`: who changed meanwhile; `checking_sessions`; `waiting`: for Keycloak or the database to come back, or another run to end.
 * @see {@link BulkRunOptions}
 */
export type BulkPhase =
  | "starting"
  | "scanning"
  | "last_pass"
  | "looking_for_extra"
  | "checking_sessions"
  | "catching_up"
  | "waiting"
  | "finished";

/**
 * What became of Keycloak's users here; with a dry run: shows what would be done.
 * @see {@link BulkService}
 */
export interface SyncCounts {
  /** Users read from Keycloak, service accounts left out. */
  scanned: number;
  /** Were not known here. */
  inserted: number;
  /** Tombstones that live again. */
  revived: number;
  /** Had fields that differed. */
  updated: number;
  /** Agreed. */
  unchanged: number;
  /** Left alone: something newer was there. */
  stale: number;
  /** Became tombstones: Keycloak has them no more. */
  deleted: number;
  /** Everybody in {@link BulkNoticeKind}; one user can be in several. */
  notices: Record<BulkNoticeKind, number>;
}

/**
 * How far a run is.
 * @see {@link BulkRunOptions}
 */
export interface BulkProgress {
  /** Null with a dry run. */
  runId: string | null;
  phase: BulkPhase;
  /** Of the phase: number of users done, and of users there are (null: not known). */
  done: number;
  total: number | null;
  /** Users a second, lately. */
  rate: number;
  /** Milliseconds until the end of the phase; null: not known. */
  remainingMs: number | null;
  counts: SyncCounts;
  /** With `verify` and `repair`. */
  differences: Record<DifferenceKind, number>;
  /** Reads of Keycloak at once, at the moment: fewer than asked for when its answers slow down. */
  concurrency: number;
  /** With `waiting`: the newest reason, such as `keycloak.unavailable`, and since when it has been waiting at all. */
  waitingFor: { code: string; since: Date } | null;
}
