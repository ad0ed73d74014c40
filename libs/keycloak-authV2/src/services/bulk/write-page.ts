import { type AppliedProfile, type ScanRepository, StatementRefusedError, type UserRepository } from "@libs/database";
import { isFailure, NAME_COLLISION, RECOVERING, type ReconcileOutcome } from "../reconcile/reconcile-outcome.ts";
import type { ReconcileUsersDeps } from "../reconcile/reconcile-users.ts";
import { profileOf } from "../shared/keycloak-profile.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";
import type { BulkRun } from "./bulk-run.ts";
import { noticePage } from "./notice-page.ts";
import { reconcileWithOutageRetry } from "./reconcile-with-outage-retry.ts";
import type { UserPage } from "./scan-keycloak-users.ts";

type ApplyDeps = Pick<SyncDeps, "now"> & { users: Pick<UserRepository, "applyProfiles"> };

/** For {@link writePage}. */
export type WritePageDeps = { scans: Pick<ScanRepository, "findSignedIn"> } & ApplyDeps & ReconcileUsersDeps;

/** Holders of wanted names that are gone from Keycloak become tombstones: so many a minute. */
const MOST_HOLDERS = 1_000;

/** Brings the users of a page over, and counts what came of each. @returns who could not be */
export async function writePage(
  run: BulkRun<WritePageDeps>,
  page: UserPage,
): Promise<{ userId: string; error: string }[]> {
  const { deps, counts } = run;
  noticePage(run, page);
  if (page.users.length === 0) return [];
  counts.scanned += page.users.length;
  const applied = await run.retry.run(() => apply(run, page));
  const outcomes = new Map<string, ReconcileOutcome | AppliedProfile>(applied.map((profile) => [profile.id, profile]));
  const disabled = page.users.filter(({ enabled }) => !enabled).map(({ id }) => id);
  const signedIn = disabled.length > 0 ? await run.retry.run(() => deps.scans.findSignedIn(disabled)) : [];
  const open = applied.filter(({ outcome }) => outcome === "unfinished" || outcome === "collision").map(({ id }) => id);
  const refused = page.users.filter(({ id }) => !outcomes.has(id)).map(({ id }) => id);
  // Reconciling ends the sessions of who is disabled, and finds out about names, one user at a time.
  const reconciled = await reconcileWithOutageRetry(
    run,
    [...new Set([...signedIn, ...open, ...refused])],
    MOST_HOLDERS,
  );
  for (const [id, outcome] of reconciled) {
    const before = outcomes.get(id);
    if (!before || "error" in outcome || ["unfinished", "collision"].includes(String(Reflect.get(before, "outcome"))))
      outcomes.set(id, outcome);
  }
  const failures: { userId: string; error: string }[] = [];
  for (const { id, username } of page.users) {
    const outcome = outcomes.get(id) as ReconcileOutcome | undefined;
    if (outcome && !isFailure(outcome)) count(run, outcome.outcome);
    else {
      const failure = { userId: id, error: outcome?.error ?? "internal.error" };
      failures.push(failure);
      run.notice(noticeOf(failure.error), { ...failure, username });
    }
  }
  return failures;
}

/** One user that PostgreSQL refuses must not stop the others of its page: then each is reconciled alone. */
async function apply({ deps }: BulkRun<ApplyDeps>, { users, ticket }: UserPage): Promise<AppliedProfile[]> {
  try {
    return await deps.users.applyProfiles(users.map(profileOf), ticket, deps.now(), { leaveUnchanged: true });
  } catch (error) {
    if (error instanceof StatementRefusedError) return [];
    throw error;
  }
}

function count({ counts }: BulkRun, outcome: string): void {
  // Gone since the page was read: whoever reconciled it has made a tombstone of it, or there never was a row.
  if (outcome === "absent") return;
  counts[outcome as "inserted" | "revived" | "updated" | "unchanged" | "stale" | "deleted"] += 1;
}

function noticeOf(error: string): "unfinished" | "collision" | "failed" {
  if (error === RECOVERING) return "unfinished";
  return error === NAME_COLLISION ? "collision" : "failed";
}
