import type { FailedLogout, KeycloakLogout, KeycloakLogoutRepository } from "@libs/database";
import { backOffMs } from "@libs/observability";
import pLimit from "p-limit";
import type { AuthMetrics } from "../../metrics/metrics.ts";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import type { Sweep } from "../../workers/sweep.ts";
import { later } from "../shared/back-off.ts";
import { BatchSize } from "../shared/batch-size.ts";
import { toAuthError } from "../shared/database-failure.ts";
import { endKeycloakSession } from "../shared/end-at-keycloak.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

/** For {@link createLogoutSweep}. */
export type LogoutSweepDeps = Pick<SyncDeps, "logger" | "now"> & {
  keycloak: Pick<KeycloakUserRepository, "deleteSession">;
  keycloakLogouts: Pick<
    KeycloakLogoutRepository,
    "claimDue" | "removeAll" | "recordFailures" | "removeExpired" | "countWaiting"
  >;
  metrics: Pick<AuthMetrics, "logoutsExpired" | "logoutsTried" | "logoutsWaiting">;
};

/** Claimed at once: enough that reading and writing rows costs little beside the calls. */
const BATCH_ROWS = 200;
/** Sessions of one replica that are ended in Keycloak at once: it must have time left for logins. */
const CALLS_AT_ONCE = 8;
/** No call begins later after the claim: with both calls of a logout it ends before the claim does. Milliseconds. */
const BEGIN_WITHIN_MS = 5_000;
/** A claim of a replica that died is free again after it. Milliseconds. */
const CLAIM_MS = 12_000;
const PAUSES = { firstMs: 1_000, mostMs: 10_000 };
/** How often waiting logouts are counted while there is work. Milliseconds. */
const COUNT_EVERY_MS = 5_000;
/** Of those given up at once, so many are named in the log. */
const NAMED = 10;

/** Ends in Keycloak what has ended here and could not be reported at once, until it is done or can no longer be there. */
export function createLogoutSweep(deps: LogoutSweepDeps): Sweep {
  const claimed = new BatchSize(BATCH_ROWS);
  let countedAt = Number.NEGATIVE_INFINITY;
  return {
    name: "logouts",
    run: async () => {
      const ended = await endDue(deps, claimed);
      const expired = await giveUpExpired(deps);
      // Where Keycloak ended none, the next ones wait for the next regular run.
      const again = ended + expired;
      if (again === 0 || deps.now().getTime() - countedAt >= COUNT_EVERY_MS) {
        countedAt = deps.now().getTime();
        await reportWaiting(deps);
      }
      return again;
    },
  };
}

/** @returns how many Keycloak has ended */
async function endDue(deps: LogoutSweepDeps, claimed: BatchSize): Promise<number> {
  const { keycloakLogouts, now, metrics, logger } = deps;
  const at = now();
  const claimedUntil = later(at, CLAIM_MS);
  // The claim alone is measured: how long the calls take is up to Keycloak.
  const due = await claimed.run((limit) => keycloakLogouts.claimDue(at, claimedUntil, limit));
  if (due.length === 0) return 0;
  const ended: string[] = [];
  const failed: FailedLogout[] = [];
  const limit = pLimit(CALLS_AT_ONCE);
  const attempt = async (logout: KeycloakLogout) => {
    const { keycloakSessionId, attempts } = logout;
    // Left to whoever claims it next.
    if (now().getTime() - at.getTime() > BEGIN_WITHIN_MS) return;
    try {
      await endKeycloakSession(deps.keycloak, keycloakSessionId);
      ended.push(keycloakSessionId);
    } catch (error) {
      const nextAttemptAt = later(now(), backOffMs(attempts - 1, PAUSES));
      failed.push({ keycloakSessionId, error: toAuthError(error).code, nextAttemptAt });
    }
  };
  await Promise.all(due.map((logout) => limit(() => attempt(logout))));
  await keycloakLogouts.removeAll(ended);
  await keycloakLogouts.recordFailures(failed);
  metrics.logoutsTried(ended.length, failed.length);
  if (ended.length > 0)
    logger.info({ ended: ended.length, failed: failed.length }, "sessions ended in Keycloak, later than here");
  else if (failed.length > 0)
    logger.debug({ failed: failed.length, code: failed[0]?.error }, "sessions could not be ended in Keycloak yet");
  return ended.length;
}

async function giveUpExpired({ keycloakLogouts, now, metrics, logger }: LogoutSweepDeps): Promise<number> {
  const expired = await keycloakLogouts.removeExpired(now(), BATCH_ROWS);
  if (expired.length === 0) return 0;
  metrics.logoutsExpired(expired.length);
  const logouts = expired.slice(0, NAMED).map(({ keycloakSessionId, userId, attempts, lastError }) => {
    return { keycloakSessionId, userId, attempts, lastError };
  });
  logger.error({ count: expired.length, logouts }, "logouts given up: the sessions can't exist any more");
  return expired.length;
}

async function reportWaiting({ keycloakLogouts, now, metrics }: LogoutSweepDeps): Promise<void> {
  const { count, oldestCreatedAt } = await keycloakLogouts.countWaiting();
  metrics.logoutsWaiting(count, oldestCreatedAt ? (now().getTime() - oldestCreatedAt.getTime()) / 1000 : 0);
}
