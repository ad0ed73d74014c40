/**
 * A pass over state rows that are due. Every replica runs it; rows are claimed, so that none is handled twice at
 * once.
 * @see {@link startSweeps}
 */
export interface Sweep {
  name:
    | "registrations"
    | "logouts"
    | "prune"
    | "notices"
    | "events"
    | "watch"
    | "expiry"
    | "outbox"
    | "reconcile"
    | "mode";
  /**
   * A cron expression: the sweep runs at the start of a process and then on this schedule, on one replica. Left out: it
   * runs at the runner's interval, on every replica.
   */
  cron?: string;
  /** Its own interval instead of the runner's. Milliseconds. */
  intervalMs?: number;
  /** Has no job queue: a wake runs it in this process. For what is woken often, or runs often anyway. */
  local?: boolean;
  /** @returns how many rows it handled: more than none, and it is run again at once */
  run(): Promise<number>;
  /** The process ends: cuts short the run that is under way, which is awaited after it. */
  abort?(): void;
  /** After the last run: gives back what it holds. */
  close?(): Promise<void>;
}

/**
 * Wakes a sweep on some replica, soon. Never throws; a lost wake is made up for by the next regular sweep.
 * @see {@link startSweeps}
 */
export type Wake = (name: Sweep["name"]) => void;
