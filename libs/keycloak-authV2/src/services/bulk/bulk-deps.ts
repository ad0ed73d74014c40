import type { PreviewSyncDeps } from "./preview-sync.ts";
import type { RepairUsersDeps } from "./repair-users.ts";
import type { SyncUsersDeps } from "./sync-users.ts";
import type { VerifyUsersDeps } from "./verify-users.ts";

/** For the composition: what the flows of this folder use, together. */
export type BulkDeps = SyncUsersDeps & PreviewSyncDeps & VerifyUsersDeps & RepairUsersDeps;
