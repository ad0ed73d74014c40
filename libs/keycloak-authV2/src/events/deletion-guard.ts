import {
  ABSENCE_UNPROVEN,
  DELETIONS_PAUSED,
  isFailure,
  type ReconcileOutcome,
} from "../services/reconcile/reconcile-outcome.ts";
import type { SyncDeps } from "../services/shared/sync-deps.ts";
import type { FeedDeps, FeedMetrics } from "./feed/feed-deps.ts";

/** Deletions that wait are tried again sooner than this: after it, none waits any more. Milliseconds. */
const OVER_AFTER_MS = 45_000;

export const TOO_MANY =
  "More users disappeared from Keycloak within a minute than FEED_MAX_DELETIONS_PER_MINUTE allows; the rest wait and " +
  "follow at that pace. If nobody deleted them, check the realm and the service account before they become tombstones.";
export const UNPROVEN =
  "Keycloak's answers lack even the gateway's own service account, so no user is treated as deleted. Give it the " +
  "realm-management roles manage-users and view-events again.";

/** For {@link DeletionGuard}. */
export type DeletionGuardDeps = Pick<SyncDeps, "now"> & {
  problems: Pick<FeedDeps["problems"], "report" | "clear">;
  feedMetrics: Pick<FeedMetrics, "usersDeleted" | "deletionsPostponed">;
};

/** Reports when users are not deleted here although Keycloak does not know them, and when that is over. */
export class DeletionGuard {
  #reportedAt: Date | undefined;

  constructor(private readonly deps: DeletionGuardDeps) {}

  report(outcomes: readonly ReconcileOutcome[]): void {
    const { feedMetrics, problems, now } = this.deps;
    const deleted = outcomes.filter((one) => !isFailure(one) && one.outcome === "deleted").length;
    const errors = outcomes.filter(isFailure).map(({ error }) => error);
    const unproven = errors.includes(ABSENCE_UNPROVEN);
    const paused = errors.filter((error) => error === DELETIONS_PAUSED || error === ABSENCE_UNPROVEN).length;
    if (deleted > 0) feedMetrics.usersDeleted(deleted);
    if (paused === 0) return;
    feedMetrics.deletionsPostponed(paused);
    problems.report("deletions_paused", unproven ? UNPROVEN : TOO_MANY);
    this.#reportedAt = now();
  }

  /** Called regularly: takes the problem back when no deletion waits any more. */
  settle(): void {
    if (!this.#reportedAt || this.deps.now().getTime() - this.#reportedAt.getTime() < OVER_AFTER_MS) return;
    this.#reportedAt = undefined;
    this.deps.problems.clear("deletions_paused");
  }
}
