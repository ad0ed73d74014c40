import type { UserSyncOptions } from "../sync/create-sync-deps.ts";
import type { BulkNotice } from "./bulk-notice.ts";
import type { BulkProgress } from "./bulk-progress.ts";
import type { Difference, DifferenceKind } from "./difference.ts";

/**
 * Which of Keycloak's users; the conditions add up. With any of them nobody is looked for who is only here.
 * @see {@link BulkRunOptions}
 */
export interface UserFilter {
  /** Beginning of username, email, first or last name. */
  search?: string;
  username?: string;
  email?: string;
  /** With username or email: the whole value, not a part. */
  exact?: boolean;
  /** Inclusive. */
  createdAfter?: Date;
  /** Inclusive. */
  createdBefore?: Date;
}

/**
 * What every scan of Keycloak's users takes.
 * @example
 * ```ts
 * import type {
 *   BulkNotice,
 *   BulkNoticeKind,
 *   BulkPhase,
 *   BulkProgress,
 *   BulkRunOptions,
 *   UserFilter,
 * } from "@libs/keycloak-authV2/services/bulk";
 *
 * const filter: UserFilter = { createdAfter: new Date("2027-01-01") };
 * const serious: BulkNoticeKind[] = ["failed", "collision"];
 * const last: BulkPhase = "finished";
 *
 * export const options: BulkRunOptions = {
 *   filter,
 *   pageSize: 200,
 *   signal: AbortSignal.timeout(3_600_000),
 *   onProgress: ({ phase, done, total }: BulkProgress) => phase !== last && console.log(phase, done, total),
 *   onNotice: ({ kind, userId, error }: BulkNotice) => serious.includes(kind) && console.warn(kind, userId, error),
 * };
 * ```
 */
export interface BulkRunOptions {
  filter?: UserFilter;
  /** Users a read of Keycloak; default 500. */
  pageSize?: number;
  /** Reads of Keycloak at once, at most; default 2. */
  concurrency?: number;
  /** Users a second, at most; default: as fast as Keycloak answers without getting slower. */
  maxRate?: number;
  /** Stops after the pages in flight. */
  signal?: AbortSignal;
  /** At most a few times a second, and at each change of phase. */
  onProgress?: (progress: BulkProgress) => void;
  /** Each user that is not simply in step. */
  onNotice?: (notice: BulkNotice) => void;
  /** How long an outage is waited for, in milliseconds; default 30 minutes. */
  outageMs?: number;
}

/**
 * How {@link BulkService} brings users over.
 * @see {@link BulkService}
 */
export interface SyncOptions extends BulkRunOptions {
  /** Compares and counts; writes nothing. */
  dryRun?: boolean;
  /** Begins anew, even where a run that was cut short could go on. */
  fresh?: boolean;
  /** Tombstones even when they are more than 1 % of the live users. */
  allowDeletes?: boolean;
}

/**
 * How {@link BulkService} compares.
 * @see {@link BulkService}
 */
export interface VerifyOptions extends BulkRunOptions {
  only?: readonly DifferenceKind[];
  /**
   * After this a user that differs is checked again: a change on its way has arrived then. Milliseconds; default
   * 3000.
   */
  settleMs?: number;
  /** Awaited: a slow reader slows the scan down, and nothing piles up. */
  onDifference?: (difference: Difference) => void | Promise<void>;
}

/**
 * `repaired`: fixed now; `planned`: would be, in a dry run; `held`: more tombstones than may be; `failed`: see `error`.
 * @see {@link Difference}
 */
export type RepairOutcome = "repaired" | "planned" | "held" | "failed";

/**
 * How {@link BulkService} repairs.
 * @see {@link BulkService}
 */
export interface RepairOptions extends Omit<VerifyOptions, "onDifference"> {
  dryRun?: boolean;
  allowDeletes?: boolean;
  /** Awaited. @param error a stable code, with `failed` */
  onRepair?: (difference: Difference, outcome: RepairOutcome, error?: string) => void | Promise<void>;
}

/**
 * How the facade is made; the encryption keys are not needed, since no token is read.
 * @see {@link BulkService}
 */
export type BulkServiceOptions = Pick<UserSyncOptions, "now" | "logger" | "wake">;
