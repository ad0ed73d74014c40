import type { BulkNoticeKind } from "./bulk-notice.ts";
import type { SyncCounts } from "./bulk-progress.ts";
import type { DifferenceKind } from "./difference.ts";

const noNotices: Record<BulkNoticeKind, number> = {
  unfinished: 0,
  collision: 0,
  service_account: 0,
  no_names: 0,
  no_email: 0,
  federated: 0,
  no_created_time: 0,
  deletion_held: 0,
  failed: 0,
};

/**
 * @param known counts of an earlier part of the run; `walked` is `scanned` in a run that an earlier version began
 */
export function newCounts({ walked = 0, ...known }: Partial<SyncCounts> & { walked?: number } = {}): SyncCounts {
  const zero = { scanned: walked, inserted: 0, revived: 0, updated: 0, unchanged: 0, stale: 0, deleted: 0 };
  return { ...zero, ...known, notices: { ...noNotices, ...known.notices } };
}

export function newDifferenceCounts(): Record<DifferenceKind, number> {
  return { missing: 0, extra: 0, field: 0, session: 0 };
}
