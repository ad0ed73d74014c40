import { randomUUID } from "node:crypto";
import type { ScanRepository, UserRepository } from "@libs/database";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import type { BulkRunOptions, VerifyOptions } from "./bulk-options.ts";
import type { BulkRun } from "./bulk-run.ts";
import { type CompareSessionsDeps, compareSessions } from "./compare-sessions.ts";
import { compareUser } from "./compare-users.ts";
import type { Difference, DifferenceKind } from "./difference.ts";
import { type LeaveToSagaDeps, leaveToSaga } from "./leave-to-saga.ts";
import { noticePage } from "./notice-page.ts";
import { type ReadByIdDeps, readById } from "./read-by-id.ts";
import { type ScanPorts, scanKeycloakUsers, type UserPage } from "./scan-keycloak-users.ts";
import { filterKey } from "./scan-position.ts";
import { type ScanUnseenDeps, scanUnseen } from "./scan-unseen.ts";
import { SecondCheck, type SecondCheckDeps } from "./second-check.ts";

/** For {@link forgetOthers}. */
export interface ForgetOthersDeps {
  scans: Pick<ScanRepository, "forgetSeen" | "findUnfinished">;
}

interface ComparePageDeps {
  users: Pick<UserRepository, "findByIds">;
}

/** For {@link comparePages}. */
export type ComparePagesDeps = Pick<SyncDeps, "now"> & {
  keycloak: Pick<KeycloakUserRepository, "countUsers">;
  scans: Pick<ScanRepository, "markSeen">;
} & ScanPorts &
  ComparePageDeps;

/** For {@link compareUnseen}. */
export type CompareUnseenDeps = { scans: Pick<ScanRepository, "countUnseen"> } & ScanUnseenDeps & ReadByIdDeps;

/** For {@link findDifferences}: all of it is what its steps use. */
export type FindDifferencesDeps = ForgetOthersDeps &
  ComparePagesDeps &
  CompareUnseenDeps &
  SecondCheckDeps &
  LeaveToSagaDeps &
  CompareSessionsDeps;

/** A change arrives within a second or two, where a feed runs. */
const SETTLE_MS = 3_000;

/** Some differences of one or more users, all those of a user together. */
export type ReportDifferences = (differences: Difference[]) => Promise<void>;

/**
 * Scans both sides, read-only, and reports what differs: users page by page, then who is only here, then sessions.
 * @returns false when it was interrupted
 */
export async function findDifferences(
  run: BulkRun<FindDifferencesDeps>,
  options: Omit<VerifyOptions, "onDifference">,
  report: ReportDifferences,
) {
  const { progress, retry } = run;
  const wanted = (kind: DifferenceKind) => options.only?.includes(kind) ?? true;
  const scanId = randomUUID();
  progress.runId = scanId;
  await retry.run(() => forgetOthers(run));
  const second = new SecondCheck(run, options.settleMs ?? SETTLE_MS, async (found) => {
    const certain = await leaveToSaga(
      run,
      found.filter(({ kind }) => wanted(kind)),
    );
    if (certain.length > 0) await report(certain);
  });
  const recheck: ReportDifferences = (differences) => second.add(differences);
  const unfiltered = filterKey(options.filter) === filterKey();
  const findExtra = unfiltered && wanted("extra");

  if (wanted("missing") || wanted("field") || findExtra) {
    if (!(await comparePages(run, options, findExtra ? scanId : null, recheck))) return false;
    if (findExtra && !(await compareUnseen(run, scanId, recheck))) return false;
    if (!(await second.drain())) return false;
  }
  if (unfiltered && wanted("session") && !(await compareSessions(run, report))) return false;
  await retry.run(() => forgetOthers(run));
  progress.enter("finished", run.counts.scanned, run.counts.scanned);
  return true;
}

/** What a sync that was cut short has seen stays, for it to go on. */
export async function forgetOthers({ deps: { scans } }: BulkRun<ForgetOthersDeps>): Promise<void> {
  await scans.forgetSeen((await scans.findUnfinished())?.id ?? null);
}

/**
 * Compares page by page.
 * @param scanId under which it is noted who was seen; null: not
 * @returns false when it was interrupted
 */
export async function comparePages(
  run: BulkRun<ComparePagesDeps>,
  { filter, pageSize, concurrency }: BulkRunOptions,
  scanId: string | null,
  report: ReportDifferences,
): Promise<boolean> {
  const { deps, progress, retry, pace } = run;
  progress.enter("scanning", await retry.run(() => deps.keycloak.countUsers(filter)));
  const scan = { filter, pageSize, concurrency, now: deps.now };
  for await (const page of scanKeycloakUsers({ ...deps, pace, retry }, scan)) {
    noticePage(run, page);
    await report(await comparePage(run, page));
    const seen = page.users.map(({ id }) => id);
    if (scanId !== null && seen.length > 0) await retry.run(() => deps.scans.markSeen(scanId, seen));
    progress.advance(page.users.length);
    if (run.interrupted()) return false;
  }
  return true;
}

/** Counts what a sync would do, too. */
async function comparePage(
  { deps, counts, retry }: BulkRun<ComparePageDeps>,
  { users }: UserPage,
): Promise<Difference[]> {
  if (users.length === 0) return [];
  const rows = await retry.run(() => deps.users.findByIds(users.map(({ id }) => id)));
  const local = new Map(rows.map((row) => [row.id, row]));
  counts.scanned += users.length;
  return users.flatMap((user) => {
    const differences = compareUser(user, local.get(user.id) ?? null);
    const [first] = differences;
    if (!first) counts.unchanged += 1;
    else if (first.kind === "missing") counts[first.local === "tombstone" ? "revived" : "inserted"] += 1;
    else counts.updated += 1;
    return differences;
  });
}

/** Reports who is live here, and gone from Keycloak. @returns false when it was interrupted */
export async function compareUnseen(
  run: BulkRun<CompareUnseenDeps>,
  scanId: string,
  report: ReportDifferences,
): Promise<boolean> {
  const { deps, progress, retry } = run;
  progress.enter("looking_for_extra", (await retry.run(() => deps.scans.countUnseen(scanId))).unseen);
  for await (const batch of scanUnseen(run, scanId)) {
    const ids = batch.map(({ id }) => id);
    const { found, unreadable } = await readById(run, ids);
    const absent = batch.filter(({ id }) => !found.has(id) && !unreadable.has(id));
    await report(absent.map(({ id, username }) => ({ kind: "extra", userId: id, username })));
    progress.advance(batch.length);
    if (run.interrupted()) return false;
  }
  return true;
}
