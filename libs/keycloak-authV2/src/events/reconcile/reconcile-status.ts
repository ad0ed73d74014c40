import type { FeedRepository, UserCounts } from "@libs/database";
import { readCountState } from "./count-state.ts";
import { type RoundState, readStoredState } from "./round.ts";

/** Rows of `sync_cursors`. */
export const USERS = "reconcile_users";
export const SESSIONS = "reconcile_sessions";
export const COUNTS = "reconcile_counts";

/**
 * How far a kind of round is.
 * @see {@link readFeedStatus}
 */
export interface RoundStatus {
  /** Everything was compared at this time or later. */
  oldestAt: Date;
  /** Milliseconds. */
  periodMs: number;
  /** Of the round that is under way, users, or users with live sessions that were asked about; null: between two rounds. */
  current: { startedAt: Date; done: number; total: number; found: number } | null;
  /** When the last round that came to its end did. */
  finishedAt: Date | null;
}

/**
 * Counts of users on both sides.
 * @see {@link readFeedStatus}
 */
export interface CountStatus {
  at: Date;
  keycloak: UserCounts;
  local: UserCounts;
  /** Keycloak minus local: a difference whose causes can't be removed, such as a parked registration. */
  explained: UserCounts;
}

/**
 * How reconciliation does; null: not known, it has not begun.
 * @see {@link readFeedStatus}
 */
export interface ReconcileStatus {
  users: RoundStatus | null;
  sessions: RoundStatus | null;
  counts: CountStatus | null;
}

/** Reads it from the database alone. @throws DatabaseError */
export async function readReconcileStatus(feed: Pick<FeedRepository, "readPosition">): Promise<ReconcileStatus> {
  const [users, sessions, counts] = await Promise.all(
    [USERS, SESSIONS, COUNTS].map(async (source) => (await feed.readPosition(source))?.position),
  );
  const counted = readCountState(counts);
  return {
    users: toStatus(readStoredState(users)),
    sessions: toStatus(readStoredState(sessions)),
    counts: counted && counted.at > 0 ? { ...counted, at: new Date(counted.at) } : null,
  };
}

/** Whether something was compared longer ago than it should have been. */
export function isLate({ oldestAt, periodMs }: RoundStatus, now: Date): boolean {
  return now.getTime() - oldestAt.getTime() > periodMs;
}

function toStatus(state: RoundState | null): RoundStatus | null {
  if (!state) return null;
  const { oldestAt, periodMs, current, previous } = state;
  return {
    oldestAt: new Date(oldestAt),
    periodMs,
    current: current && {
      startedAt: new Date(current.startedAt),
      done: current.done,
      total: Math.max(current.total, current.done),
      found: current.found,
    },
    finishedAt: previous && new Date(previous.finishedAt),
  };
}
