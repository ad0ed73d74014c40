import type { RepairOutcome } from "./bulk-options.ts";
import type { SyncCounts } from "./bulk-progress.ts";
import type { DifferenceKind } from "./difference.ts";

/**
 * How a run ended; one that failed throws.
 * @see {@link BulkService}
 */
export interface BulkResult {
  /** Null with a dry run. */
  runId: string | null;
  /** `interrupted`: by the signal, after the pages in flight. A sync goes on from there when it is called again. */
  state: "finished" | "interrupted";
  /** Of this call, in milliseconds. */
  durationMs: number;
}

/**
 * How {@link BulkService} ended a sync.
 * @see {@link BulkService}
 */
export interface SyncResult extends BulkResult {
  /** When the run that this call went on with had begun; null: it began with this call. */
  resumedFrom: Date | null;
  /** Of the whole run. */
  counts: SyncCounts;
}

/**
 * How {@link BulkService} ended a comparison.
 * @see {@link BulkService}
 */
export interface VerifyResult extends BulkResult {
  counts: SyncCounts;
  differences: Record<DifferenceKind, number>;
}

/**
 * How {@link BulkService} ended a repair.
 * @see {@link BulkService}
 */
export interface RepairResult extends VerifyResult {
  outcomes: Record<RepairOutcome, number>;
}
