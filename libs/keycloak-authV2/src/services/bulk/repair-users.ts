import type { ScanRepository, SessionRepository } from "@libs/database";
import { isFailure } from "../reconcile/reconcile-outcome.ts";
import type { ReconcileUsersDeps } from "../reconcile/reconcile-users.ts";
import { planQueuedLogout } from "../shared/end-at-keycloak.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import type { RepairOptions, RepairOutcome } from "./bulk-options.ts";
import type { RepairResult } from "./bulk-result.ts";
import { type BulkRun, type BulkRunDeps, inBulkRun } from "./bulk-run.ts";
import { mayDelete } from "./deletion-share.ts";
import type { DeadSession, Difference, ExtraUser } from "./difference.ts";
import { type FindDifferencesDeps, findDifferences } from "./find-differences.ts";
import { reconcileWithOutageRetry } from "./reconcile-with-outage-retry.ts";
import { newCounts, newDifferenceCounts } from "./sync-counts.ts";

type EndDeadSessionsDeps = Pick<SyncDeps, "now"> & { sessions: Pick<SessionRepository, "endLive"> };

type RepairExtraDeps = { scans: Pick<ScanRepository, "countUnseen"> } & ReconcileUsersDeps;

/** For {@link repairUsers}: all of it is what its steps use. */
export type RepairUsersDeps = BulkRunDeps &
  FindDifferencesDeps &
  ReconcileUsersDeps &
  EndDeadSessionsDeps &
  RepairExtraDeps;

/** Users that are only here wait for the end: their share decides. So many are kept in memory; the others are held. */
const MOST_EXTRA = 100_000;
/** Holders of wanted names that are gone from Keycloak. */
const MOST_HOLDERS = 1_000;

type Report = (difference: Difference, outcome: RepairOutcome, error?: string) => Promise<void>;

/** Finds and removes differences; see {@link BulkService.repair}. */
export async function repairUsers(deps: RepairUsersDeps, options: RepairOptions): Promise<RepairResult> {
  const started = performance.now();
  let counts = newCounts();
  let differences = newDifferenceCounts();
  let runId: string | null = null;
  const outcomes: Record<RepairOutcome, number> = { repaired: 0, planned: 0, held: 0, failed: 0 };
  const report: Report = async (difference, outcome, error) => {
    outcomes[outcome] += 1;
    await options.onRepair?.(difference, outcome, error);
  };
  const finished = await inBulkRun(deps, options, async (run) => {
    ({ counts, differences } = run);
    const extra: ExtraUser[] = [];
    const done = await findDifferences(run, options, async (found) => {
      runId = run.progress.runId;
      for (const { kind } of found) differences[kind] += 1;
      for (const difference of found)
        if (difference.kind === "extra" && extra.length < MOST_EXTRA) extra.push(difference);
      await repair(run, found, options.dryRun, report);
    });
    if (done) await repairExtra(run, extra, options, report);
    return done;
  });
  const state = finished ? "finished" : "interrupted";
  return { runId, counts, differences, outcomes, state, durationMs: performance.now() - started };
}

/** All but those who are only here. */
async function repair(
  run: BulkRun<ReconcileUsersDeps & EndDeadSessionsDeps>,
  found: Difference[],
  dryRun: boolean | undefined,
  report: Report,
): Promise<void> {
  const sessions = found.filter((difference) => difference.kind === "session");
  const users = found.filter(({ kind }) => kind === "missing" || kind === "field");
  if (dryRun) {
    for (const difference of [...users, ...sessions]) await report(difference, "planned");
    return;
  }
  await repairByReconciling(run, users, MOST_HOLDERS, report);
  await endDeadSessions(run, sessions, report);
}

async function repairByReconciling(
  run: BulkRun<ReconcileUsersDeps>,
  found: Difference[],
  maxDeletions: number,
  report: Report,
): Promise<void> {
  const outcomes = await reconcileWithOutageRetry(run, [...new Set(found.map(({ userId }) => userId))], maxDeletions);
  for (const difference of found) {
    const outcome = outcomes.get(difference.userId);
    if (!outcome || isFailure(outcome)) await report(difference, "failed", outcome?.error ?? "internal.error");
    else await report(difference, "repaired");
  }
}

async function repairExtra(
  run: BulkRun<RepairExtraDeps>,
  extra: ExtraUser[],
  options: RepairOptions,
  report: Report,
): Promise<void> {
  if (extra.length === 0) return;
  const { live } = await run.retry.run(() => run.deps.scans.countUnseen(run.progress.runId ?? ""));
  const held = !mayDelete(run.differences.extra, live, options.allowDeletes);
  if (held || options.dryRun) {
    for (const difference of extra) await report(difference, held ? "held" : "planned");
    return;
  }
  await repairByReconciling(run, extra, Number.MAX_SAFE_INTEGER, report);
}

/** Sessions that a disabled user or an older password leaves alive in Keycloak are ended there too; the others are gone. */
async function endDeadSessions(run: BulkRun<EndDeadSessionsDeps>, dead: DeadSession[], report: Report): Promise<void> {
  const { deps, retry } = run;
  for (const [reason, own] of Map.groupBy(dead, (session) => session.reason)) {
    const keycloakSessionIds = own.map(({ keycloakSessionId }) => keycloakSessionId);
    const now = deps.now();
    const logout = reason === "user_disabled" || reason === "password_changed" ? planQueuedLogout(now) : undefined;
    await retry.run(() => deps.sessions.endLive({ keycloakSessionIds }, reason, now, logout));
    for (const difference of own) await report(difference, "repaired");
  }
}
