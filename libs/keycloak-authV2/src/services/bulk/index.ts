/**
 * All users at once: brought over from Keycloak, compared, repaired; resumable, in constant memory.
 * Invariant: whatever a run writes is what one read of Keycloak said, and never over something newer.
 */
export { BulkError, type BulkErrorCode } from "./bulk-error.ts";
export type { BulkNotice, BulkNoticeKind } from "./bulk-notice.ts";
export type * from "./bulk-options.ts";
export type { BulkPhase, BulkProgress, SyncCounts } from "./bulk-progress.ts";
export type { BulkResult, RepairResult, SyncResult, VerifyResult } from "./bulk-result.ts";
export { BULK_TIMEOUT_MS, BulkService, type BulkServiceSetup } from "./bulk-service.ts";
export type * from "./difference.ts";
