import type { ReconcileDeps } from "./reconcile-deps.ts";
import type { Reconciled, ReconcileMetrics } from "./reconcile-metrics.ts";
import { reconcileSessions, sessionKey } from "./reconcile-sessions.ts";
import { SESSIONS, USERS } from "./reconcile-status.ts";
import { reconcileUsers, userKey } from "./reconcile-users.ts";
import { RoundRunner } from "./round-runner.ts";

/** The rounds that are always under way. @param periodMs within which each has been everywhere, in milliseconds */
export function createRounds(
  deps: ReconcileDeps & { reconcileMetrics: ReconcileMetrics },
  periodMs: number,
): Record<Reconciled, RoundRunner> {
  const { keycloak, walks, reconcile, reconcileMetrics } = deps;
  const users = new RoundRunner(
    deps,
    {
      source: USERS,
      countAll: () => keycloak.countUsers({ search: "*" }),
      steps: (run, round) => reconcileUsers(run, round, null),
      keyOf: userKey,
      countReached: async (key, keys) => keys.filter((mark) => mark <= key).length,
      onFound: (count) => reconcileMetrics.differences("users", count),
    },
    periodMs,
  );
  const sessions = new RoundRunner(
    deps,
    {
      source: SESSIONS,
      countAll: () => walks.countSignedIn(),
      steps: reconcileSessions,
      keyOf: sessionKey,
      // In the order of the database, which need not be that of this process.
      countReached: (key, keys) => reconcile.countUpTo(String(key), keys.map(String)),
      onFound: (count) => reconcileMetrics.differences("sessions", count),
    },
    periodMs,
  );
  return { users, sessions };
}
