import type { KeycloakLogout, KeycloakLogoutRepository } from "@libs/database";
import { backOffMs } from "@libs/observability";
import type { AuthMetrics } from "../../metrics/metrics.ts";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import type { Sweep } from "../../workers/sweep.ts";
import { toAuthError } from "../shared/database-failure.ts";
import { endKeycloakSession } from "../shared/end-at-keycloak.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

type AttemptDeps = Pick<SyncDeps, "logger" | "now"> & {
  keycloak: Pick<KeycloakUserRepository, "deleteSession">;
  keycloakLogouts: Pick<KeycloakLogoutRepository, "remove" | "recordFailure">;
};

/** For {@link createLogoutSweep}. */
export type LogoutSweepDeps = Pick<SyncDeps, "logger" | "now"> & {
  keycloakLogouts: Pick<KeycloakLogoutRepository, "claimDue" | "removeExpired" | "countWaiting">;
  metrics: Pick<AuthMetrics, "logoutExpired" | "logoutsWaiting">;
} & AttemptDeps;

const BATCH = 10;
/** Longer than both calls of one logout may take; a claim of a replica that died is free again after it. */
const CLAIM_MS = 12_000;
const PAUSES = { firstMs: 1_000, mostMs: 10_000 };

/** Ends in Keycloak what has ended here and could not be reported at once, until it is done or can no longer be there. */
export function createLogoutSweep(deps: LogoutSweepDeps): Sweep {
  return { name: "logouts", run: () => sweepLogouts(deps) };
}

async function sweepLogouts(deps: LogoutSweepDeps): Promise<number> {
  const { keycloakLogouts, now, metrics, logger } = deps;
  const at = now();
  const due = await keycloakLogouts.claimDue(at, new Date(at.getTime() + CLAIM_MS), BATCH);
  await Promise.all(due.map((logout) => attempt(deps, logout)));
  for (const { keycloakSessionId, userId, attempts, lastError } of await keycloakLogouts.removeExpired(at)) {
    metrics.logoutExpired();
    logger.error(
      { keycloakSessionId, userId, attempts, lastError },
      "logout given up: the session can't exist any more",
    );
  }
  const { count, oldestCreatedAt } = await keycloakLogouts.countWaiting();
  metrics.logoutsWaiting(count, oldestCreatedAt ? (now().getTime() - oldestCreatedAt.getTime()) / 1000 : 0);
  return due.length;
}

async function attempt(deps: AttemptDeps, { keycloakSessionId, userId, attempts }: KeycloakLogout): Promise<void> {
  const { keycloak, keycloakLogouts, now, logger } = deps;
  try {
    await endKeycloakSession(keycloak, keycloakSessionId);
    await keycloakLogouts.remove(keycloakSessionId);
    logger.info({ userId, attempts }, "session ended in Keycloak, later than here");
  } catch (error) {
    const { code } = toAuthError(error);
    const pauseMs = backOffMs(attempts - 1, PAUSES);
    await keycloakLogouts.recordFailure(keycloakSessionId, code, new Date(now().getTime() + pauseMs));
    logger.debug({ userId, attempts, code }, "session could not be ended in Keycloak yet");
  }
}
