/**
 * What a scan of Keycloak's users is for. `full_reconciliation`: the change feed has lost events.
 * @see {@link SyncRunRepository}
 */
export type SyncRunKind = "sync" | "verify" | "repair" | "full_reconciliation";

/**
 * How many users a scan has seen, and what became of them.
 * @see {@link SyncRunRepository}
 */
export type SyncRunCounts = Record<string, number>;

/**
 * A run that is under way.
 * @see {@link SyncRunRepository}
 */
export interface SyncRun {
  id: string;
  kind: SyncRunKind;
  /** Where to go on after a restart. */
  position: unknown;
  counts: SyncRunCounts;
  startedAt: Date;
}

/**
 * PORT: scans of Keycloak's users, which any replica may go on with.
 * @example
 * ```ts
 * import type { SyncRun, SyncRunCounts, SyncRunKind, SyncRunRepository } from "@libs/database";
 *
 * const kind: SyncRunKind = "verify";
 *
 * export async function verify(runs: SyncRunRepository, counts: SyncRunCounts): Promise<void> {
 *   const run: SyncRun = await runs.begin(kind, new Date());
 *   await runs.save(run.id, { page: 1 }, counts, new Date());
 *   await runs.finish(run.id, null, new Date());
 * }
 * ```
 */
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
