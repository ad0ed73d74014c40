import { UnreadableError } from "../../services/bulk/outage-retry.ts";
import type { SyncDeps } from "../../services/shared/sync-deps.ts";
import type { ReconcileRun } from "./reconcile-run.ts";

/** For {@link askAbout}. */
export type AskAboutDeps = Pick<SyncDeps, "logger">;

/** Beyond this many users, those who are passed over are logged no more. */
const MOST_LOGGED = 1_000;

/**
 * What Keycloak answers about one user. Outages are waited for; a user about whom it fails to answer, while it answers about
 * others, must not stop everybody else's comparison.
 * @param others something of the same kind that is answered unless there is an outage
 * @returns null: Keycloak fails to answer about this user, of whom nothing is known then. Logged once
 * @throws BulkError `bulk.outage`; InterruptedError; what is no outage
 */
export async function askAbout<T>(
  run: Pick<ReconcileRun<AskAboutDeps>, "retry" | "passedOver" | "deps">,
  userId: string,
  call: () => Promise<T>,
  others: () => Promise<unknown>,
): Promise<T | null> {
  try {
    return await run.retry.run(call, others);
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    const { passedOver, deps } = run;
    if (!passedOver.has(userId) && passedOver.size < MOST_LOGGED) {
      passedOver.add(userId);
      deps.logger.warn({ err: error, userId }, "Keycloak fails to answer for a user: the user is not compared");
    }
    return null;
  }
}
