import type { ReconcileRepository, ScanRepository } from "@libs/database";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import { type CompareAllUsersDeps, compareAllUsers, userKey } from "./compare-all-users.ts";
import type { ReconcileMetrics } from "./reconcile-metrics.ts";
import { type ReconcileSessionsDeps, reconcileSessions, sessionKey } from "./reconcile-sessions.ts";
import { SESSIONS, USERS } from "./reconcile-status.ts";
import { RoundRunner, type RoundRunnerDeps } from "./round-runner.ts";

/** For {@link createRounds}; what the steps of the rounds use comes with the run. */
export type CreateRoundsDeps = {
  keycloak: Pick<KeycloakUserRepository, "countUsers">;
  scans: Pick<ScanRepository, "countSignedIn">;
  reconcile: Pick<ReconcileRepository, "countUpTo">;
  reconcileMetrics: Pick<ReconcileMetrics, "differences">;
} & RoundRunnerDeps;

/** A runner for each of what is reconciled. */
export interface Rounds {
  users: RoundRunner<CompareAllUsersDeps>;
  sessions: RoundRunner<ReconcileSessionsDeps>;
}

/** The rounds that are always under way. @param periodMs within which each has been everywhere, in milliseconds */
export function createRounds(deps: CreateRoundsDeps, periodMs: number): Rounds {
  const { keycloak, scans, reconcile, reconcileMetrics } = deps;
  const users = new RoundRunner<CompareAllUsersDeps>(
    deps,
    {
      source: USERS,
      countAll: () => keycloak.countUsers({ search: "*" }),
      steps: (run, round) => compareAllUsers(run, round, null),
      keyOf: userKey,
      countReached: async (key, keys) => keys.filter((mark) => mark <= key).length,
      onFound: (count) => reconcileMetrics.differences("users", count),
    },
    periodMs,
  );
  const sessions = new RoundRunner<ReconcileSessionsDeps>(
    deps,
    {
      source: SESSIONS,
      countAll: () => scans.countSignedIn(),
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
