/** What a scan of Keycloak's users is for. `full_reconciliation`: the change feed has lost events. */
export type SyncRunKind = "sync" | "verify" | "repair" | "full_reconciliation";

/** How many users a scan has seen, and what became of them. */
export type SyncRunCounts = Record<string, number>;

export interface SyncRun {
  id: string;
  kind: SyncRunKind;
  /** Where to go on after a restart. */
  position: unknown;
  counts: SyncRunCounts;
  startedAt: Date;
}

/** PORT: scans of Keycloak's users, which any replica may go on with. */
export interface SyncRunRepository {
  /** @returns the run of this kind that is under way, or a new one */
  begin(kind: SyncRunKind, now: Date): Promise<SyncRun>;
  /** The newest run of this kind that has not ended, or null. */
  findRunning(kind: SyncRunKind): Promise<SyncRun | null>;
  /** Keeps how far it is. */
  save(id: string, position: unknown, counts: SyncRunCounts, now: Date): Promise<void>;
  /** @param error a code; null: it is done */
  finish(id: string, error: string | null, now: Date): Promise<void>;
}
