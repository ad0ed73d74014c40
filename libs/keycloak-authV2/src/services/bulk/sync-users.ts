import type { ScanRepository, ScanRun } from "@libs/database";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import { toAuthError } from "../shared/database-failure.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import { BulkError } from "./bulk-error.ts";
import { lostLease } from "./bulk-lease.ts";
import type { SyncOptions } from "./bulk-options.ts";
import type { SyncCounts } from "./bulk-progress.ts";
import type { SyncResult } from "./bulk-result.ts";
import { type BulkRun, type BulkRunDeps, inBulkRun } from "./bulk-run.ts";
import { type CatchUpDeps, catchUp } from "./catch-up.ts";
import { LATEST_MS } from "./created-windows.ts";
import { InterruptedError } from "./outage-retry.ts";
import { type RemoveExtraDeps, removeExtra } from "./remove-extra.ts";
import { type ScanPorts, scanKeycloakUsers, type UserPage } from "./scan-keycloak-users.ts";
import { filterKey, type ScanPosition, scanStart } from "./scan-position.ts";
import { newCounts } from "./sync-counts.ts";
import { type WritePageDeps, writePage } from "./write-page.ts";

/** A run's own row, its position and its notes of whom it has seen. */
type RowDeps = Pick<SyncDeps, "now"> & { scans: ScanRepository };

type ScanAndWriteDeps = RowDeps & {
  keycloak: Pick<KeycloakUserRepository, "countUsers">;
} & ScanPorts &
  WritePageDeps &
  RemoveExtraDeps &
  CatchUpDeps;

/** For {@link syncUsers}: nearly all of it is what its steps use. */
export type SyncUsersDeps = BulkRunDeps & ScanAndWriteDeps;

/** What was scanned longer ago is scanned again. */
const RESUMABLE_MS = 24 * 3_600_000;

interface StoredPosition extends ScanPosition {
  filter: string;
}

/** Brings all users over; see {@link BulkService.sync}. */
export async function syncUsers(deps: SyncUsersDeps, options: SyncOptions): Promise<SyncResult> {
  const started = performance.now();
  const ended: Partial<Pick<SyncResult, "runId" | "resumedFrom" | "counts">> = {};
  const finished = await inBulkRun(deps, options, async (run) => {
    ended.counts = run.counts;
    const { row, resumed } = await run.retry.run(() => openRun(deps, options));
    ended.runId = row.id;
    ended.resumedFrom = resumed ? row.startedAt : null;
    if (resumed) Object.assign(run.counts, newCounts(row.counts as Partial<SyncCounts>));
    run.progress.runId = row.id;
    return await endingRow(run, row.id, () => scanAndWrite(run, row, options));
  });
  return {
    runId: ended.runId ?? null,
    resumedFrom: ended.resumedFrom ?? null,
    counts: ended.counts ?? newCounts(),
    state: finished ? "finished" : "interrupted",
    durationMs: performance.now() - started,
  };
}

/** Goes on with a run that was cut short, if it was over the same users. */
async function openRun({ scans, now }: RowDeps, { fresh, filter }: SyncOptions) {
  const last = fresh ? null : await scans.findUnfinished();
  const resumable =
    last !== null &&
    (last.position as Partial<StoredPosition>).filter === filterKey(filter) &&
    now().getTime() - last.startedAt.getTime() < RESUMABLE_MS;
  if (resumable) {
    await scans.resume(last.id, now());
    return { row: last, resumed: true };
  }
  const replaced = await scans.findUnfinished();
  if (replaced?.state === "running") await scans.end(replaced.id, "cancelled", null, now());
  await scans.forgetSeen(null);
  const position: StoredPosition = { ...scanStart, filter: filterKey(filter) };
  return { row: await scans.begin(position, newCounts(), now()), resumed: false };
}

/** Writes how a run ended; one that was killed stays as it is. */
async function endingRow(run: BulkRun<RowDeps>, runId: string, work: () => Promise<boolean>): Promise<boolean> {
  const { scans, now } = run.deps;
  const end = (state: "finished" | "failed" | "cancelled", error: string | null = null) =>
    scans.end(runId, state, error, now());
  try {
    const finished = await work();
    await run.retry.run(() => end(finished ? "finished" : "cancelled"));
    return finished;
  } catch (error) {
    const code = error instanceof BulkError ? error.code : toAuthError(error).code;
    if (error instanceof InterruptedError) await end("cancelled").catch(() => {});
    else if (code !== "bulk.lost_lease") await end("failed", code).catch(() => {});
    throw error;
  }
}

/** @returns false when it was interrupted */
async function scanAndWrite(run: BulkRun<ScanAndWriteDeps>, row: ScanRun, options: SyncOptions): Promise<boolean> {
  const { deps, progress, retry } = run;
  const { filter, pageSize, concurrency } = options;
  const begin = row.position as StoredPosition;
  const unfiltered = filterKey(filter) === filterKey();
  const total = await retry.run(() => deps.keycloak.countUsers(filter));
  progress.enter(begin.phase === "last_pass" ? "last_pass" : "scanning", total, run.counts.scanned);
  const scan = { filter, pageSize, concurrency, position: begin, now: deps.now };
  let phase = begin.phase;
  for await (const page of scanKeycloakUsers({ ...deps, pace: run.pace, retry }, scan)) {
    if (page.position.phase === "last_pass" && phase !== "last_pass") progress.enter("last_pass", total);
    phase = page.position.phase;
    await finishPage(run, row.id, page, begin.filter);
    progress.advance(page.users.length);
    if (run.interrupted()) return false;
  }
  if (begin.phase !== "after") {
    const scanned = { ...begin, phase: "after" as const, through: LATEST_MS, slice: null };
    await keep(run, row.id, [], scanned);
  }
  if (unfiltered && !(await removeExtra(run, row.id, options.allowDeletes))) return false;
  await catchUp(run, row.startedAt);
  if (run.interrupted()) return false;
  await retry.run(() => deps.scans.forgetSeen(null));
  if (unfiltered) await retry.run(() => deps.scans.resolveFailuresBefore(row.id, deps.now()));
  progress.enter("finished", run.counts.scanned, run.counts.scanned);
  return true;
}

async function finishPage(
  run: BulkRun<RowDeps & WritePageDeps>,
  runId: string,
  page: UserPage,
  filter: string,
): Promise<void> {
  const failures = await writePage(run, page);
  if (failures.length > 0) await run.retry.run(() => run.deps.scans.recordFailures(runId, failures, run.deps.now()));
  const seen = page.users.map(({ id }) => id);
  await keep(run, runId, seen, { ...page.position, filter });
}

async function keep(run: BulkRun<RowDeps>, runId: string, seen: string[], position: StoredPosition): Promise<void> {
  const { deps, lease, counts, retry } = run;
  const write = () => deps.scans.finishPage({ runId, seen, position, counts, now: deps.now(), lease: lease.current });
  if (await retry.run(write)) return;
  await retry.run(() => lease.retake());
  if (!(await retry.run(write))) throw lostLease();
}
