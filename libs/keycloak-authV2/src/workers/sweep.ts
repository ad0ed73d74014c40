/** A look over state rows that are due. Every replica runs it; rows are claimed, so that none is handled twice at once. */
export interface Sweep {
  name: "registrations" | "logouts" | "prune";
  /**
   * A cron expression: the sweep runs at the start of a process and then on this schedule, on one replica. Left out: it
   * runs at the runner's interval, on every replica.
   */
  cron?: string;
  /** @returns how many rows it handled: more than none, and it is run again at once */
  run(): Promise<number>;
}

/** Wakes a sweep on some replica, soon. Never throws; a lost wake is made up for by the next regular sweep. */
export type Wake = (name: Sweep["name"]) => void;
