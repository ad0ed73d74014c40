/**
 * Something that guards keep in memory has changed.
 * @see {@link PostgresChangeChannel}
 */
export type GuardChange =
  /** By `sid`: they have ended. */
  | { kind: "sessions"; ids: readonly string[] }
  /** Standing, store or roles of these users. */
  | { kind: "users"; ids: readonly string[] }
  /** More than is named: re-read everything. */
  | { kind: "everything" };

/**
 * PORT: changes as they are committed, by whomever.
 * @see {@link PostgresChangeChannel}
 */
export interface ChangeChannel {
  /** Whether every change up to a moment ago has been reported. While false, what is in memory may be out of date. */
  isUp(): boolean;
  /**
   * One listener; it is notified of `everything` whenever changes may have been missed, before the channel counts as
   * up again.
   */
  listen(onChange: (change: GuardChange) => void): void;
  close(): Promise<void>;
}
