import type { LeaseRepository } from "@libs/database";
import type { KeycloakEventSource } from "../../ports/ports.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import { BulkError } from "./bulk-error.ts";
import { BulkLease } from "./bulk-lease.ts";
import type { BulkNotice, BulkNoticeKind } from "./bulk-notice.ts";
import type { BulkRunOptions } from "./bulk-options.ts";
import type { SyncCounts } from "./bulk-progress.ts";
import type { DifferenceKind } from "./difference.ts";
import { InterruptedError, OutageRetry } from "./outage-retry.ts";
import { ProgressReporter } from "./progress-reporter.ts";
import { ReadPace } from "./read-pace.ts";
import { newCounts, newDifferenceCounts } from "./sync-counts.ts";

const HALF_AN_HOUR_MS = 1_800_000;
const CONCURRENCY = 2;

/** Keycloak fails to show this user, and shows others. */
export const UNREADABLE = "keycloak.unreadable_user";

/** What every run uses, whatever its steps do. */
export type BulkRunDeps = Pick<SyncDeps, "now"> & {
  leases: Pick<LeaseRepository, "take" | "release">;
  eventSource: Pick<KeycloakEventSource, "serviceAccountId">;
};

/** What the steps of one run share; `Deps` is what the step that gets it uses. */
export interface BulkRun<Deps = unknown> {
  deps: Deps;
  options: BulkRunOptions;
  counts: SyncCounts;
  differences: Record<DifferenceKind, number>;
  progress: ProgressReporter;
  retry: OutageRetry;
  pace: ReadPace;
  lease: BulkLease;
  /** A user who is in Keycloak for certain: our own service account. */
  witnessId: string;
  notice(kind: BulkNoticeKind, user: { userId: string; username: string | null; error?: string }): void;
  /** Whether the operator has asked for the end. */
  interrupted(): boolean;
}

/**
 * Runs `work` under the lease, with what it needs.
 * @returns undefined when the signal came while nothing could be done
 * @throws BulkError; AuthError
 */
export async function inBulkRun<Deps extends BulkRunDeps, T>(
  deps: Deps,
  options: BulkRunOptions,
  work: (run: BulkRun<Deps>) => Promise<T>,
): Promise<T | undefined> {
  const counts = newCounts();
  const differences = newDifferenceCounts();
  const { signal, outageMs = HALF_AN_HOUR_MS, concurrency = CONCURRENCY, maxRate } = options;
  const pace = new ReadPace({ concurrency, maxRate });
  const progress = new ProgressReporter({
    onProgress: options.onProgress,
    concurrency: () => pace.concurrency,
    now: deps.now,
    counts,
    differences,
  });
  const onWaiting = (code: string | null) => progress.waiting(code);
  const retry = new OutageRetry({ outageMs, signal, onWaiting });
  const lease = new BulkLease(deps.leases);
  progress.enter("starting");
  try {
    await retry.run(() => lease.acquire(onWaiting, signal));
    const witnessId = await retry.run(() => deps.eventSource.serviceAccountId());
    const notice = (kind: BulkNoticeKind, user: Omit<BulkNotice, "kind">) => {
      counts.notices[kind] += 1;
      options.onNotice?.({ kind, ...user });
    };
    const interrupted = () => signal?.aborted === true;
    const shared = { deps, options, counts, differences, progress, retry, pace, lease };
    return await work({ ...shared, witnessId, notice, interrupted });
  } catch (error) {
    if (error instanceof InterruptedError) return undefined;
    throw error;
  } finally {
    await lease.release();
  }
}

/** Keycloak's answer must have the witness, or it proves nothing. */
export function refuseUnproven(found: ReadonlySet<string>, witnessId: string): void {
  if (found.has(witnessId)) return;
  const message = "Keycloak does not show all users: give the client's service account the role manage-users";
  throw new BulkError("bulk.refused", message);
}
