import type { ReconcileRepository, ScanRepository } from "@libs/database";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import { type CompareAllUsersDeps, compareAllUsers, userKey } from "./compare-all-users.ts";
import type { ReconcileMetrics } from "./reconcile-metrics.ts";
import { createRun } from "./reconcile-run.ts";
import { type ReconcileSessionsDeps, reconcileSessions, sessionKey } from "./reconcile-sessions.ts";
import { SESSIONS, USERS } from "./reconcile-status.ts";
import { RoundRunner, type RoundRunnerDeps } from "./round-runner.ts";

/** For {@link createRounds}: what counts them, and what their steps use. */
export type CreateRoundsDeps = {
  keycloak: Pick<KeycloakUserRepository, "countUsers">;
  scans: Pick<ScanRepository, "countSignedIn">;
  reconcile: Pick<ReconcileRepository, "countUpTo">;
  reconcileMetrics: Pick<ReconcileMetrics, "differences">;
} & RoundRunnerDeps &
  CompareAllUsersDeps &
  ReconcileSessionsDeps;

/** A runner for each of what is reconciled. */
export interface Rounds {
  users: RoundRunner;
  sessions: RoundRunner;
}

/** The rounds that are always under way. @param periodMs within which each has been everywhere, in milliseconds */
export function createRounds(deps: CreateRoundsDeps, periodMs: number): Rounds {
  const { keycloak, scans, reconcile, reconcileMetrics } = deps;
  const users = new RoundRunner(
    deps,
    {
      source: USERS,
      countAll: () => keycloak.countUsers({ search: "*" }),
      steps: (state, round) => compareAllUsers(createRun(deps, state), round, null),
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
      countAll: () => scans.countSignedIn(),
      steps: (state, round) => reconcileSessions(createRun(deps, state), round),
      keyOf: sessionKey,
      // In the order of the database, which need not be that of this process.
      countReached: (key, keys) => reconcile.countUpTo(String(key), keys.map(String)),
      onFound: (count) => reconcileMetrics.differences("sessions", count),
    },
    periodMs,
  );
  return { users, sessions };
}
