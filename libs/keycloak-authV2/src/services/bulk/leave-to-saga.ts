import type { RegistrationRepository } from "@libs/database";
import { type OwnRegistrationDeps, unfinishedRegistrationOf } from "../reconcile/own-registration.ts";
import { chunk } from "../shared/chunk.ts";
import type { BulkRun } from "./bulk-run.ts";
import type { Difference } from "./difference.ts";

/** For {@link leaveToSaga}. */
export type LeaveToSagaDeps = {
  registrations: Pick<RegistrationRepository, "backlog" | "findUnfinished">;
} & OwnRegistrationDeps;

/**
 * Leaves out missing users whose own registration is not finished: the saga completes or undoes them, and says so.
 * Nobody is asked about while no registration is open.
 */
export async function leaveToSaga(
  run: BulkRun<LeaveToSagaDeps>,
  differences: readonly Difference[],
): Promise<Difference[]> {
  const missing = differences.filter(({ kind }) => kind === "missing");
  if (missing.length === 0) return [...differences];
  const { deps, retry } = run;
  const { pending, undoing, parked } = await retry.run(() => deps.registrations.backlog());
  if (pending + undoing + parked === 0) return [...differences];
  const left = new Set<string>();
  for (const batch of chunk(missing, 10))
    await Promise.all(
      batch.map(async ({ userId, username }) => {
        // Where the realm uses emails as usernames, the registration knows it as an email.
        const row = await retry.run(() => deps.registrations.findUnfinished(username, username));
        if (!row || !(await retry.run(() => unfinishedRegistrationOf(deps, userId)))) return;
        left.add(userId);
        run.notice("unfinished", { userId, username, error: "registration.recovering" });
      }),
    );
  return differences.filter(({ userId }) => !left.has(userId));
}
