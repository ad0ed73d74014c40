/** Something that guards keep in memory has changed. */
export type GuardChange =
  | { kind: "sessions"; keycloakSessionIds: readonly string[] }
  | { kind: "users"; userIds: readonly string[] }
  /** More than is named: look at everything again. */
  | { kind: "everything" };

/** PORT: changes as they are committed, anywhere. */
export interface ChangeChannel {
  /**
   * Whether every change up to a moment ago has been told. While false, what is in memory may be out of date.
   */
  isUp(): boolean;
  /** One listener; called before the channel counts as up again with `everything`, because changes were missed. */
  listen(onChange: (change: GuardChange) => void): void;
  close(): Promise<void>;
}
