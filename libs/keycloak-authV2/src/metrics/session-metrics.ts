import type { Registry } from "@libs/observability";
import { counterIn, gaugeIn } from "@libs/observability";

export interface SessionMetrics {
  /** A spent refresh token was presented after its grace: the session was ended. */
  refreshTokenReuse(): void;
  /** A session went on whose newest refresh token the database had lost. */
  sessionHealed(): void;
  /** How many logouts Keycloak has not confirmed, and for how long the oldest waits. Seconds. */
  logoutsWaiting(count: number, oldestSeconds: number): void;
  /** Logouts were given up: their sessions can't exist any more, but Keycloak never said so. */
  logoutsExpired(count: number): void;
  /** Waiting logouts were tried. @param ended in Keycloak */
  logoutsTried(ended: number, failed: number): void;
  /** Rows were removed because nobody needs them any more. @param table as in the database */
  pruned(table: string, rows: number): void;
  /** A batch of them could not be removed. */
  pruneFailed(table: string): void;
  /** A batch of sessions could not be checked for their end. */
  expiryFailed(): void;
}

/** Metrics of sessions, on the registry of the process. */
export function createSessionMetrics(registry: Registry): SessionMetrics {
  const counter = (name: string, help: string) => counterIn(registry, { name, help });
  const gauge = (name: string, help: string) => gaugeIn(registry, { name, help });

  const reuses = counter(
    "session_refresh_token_reuse_total",
    "Sessions ended because a spent refresh token was presented.",
  );
  const healed = counter(
    "sessions_healed_total",
    "Sessions that continued with a refresh token that the database had lost (failover, restore).",
  );
  const waiting = gauge("keycloak_logouts_waiting", "Sessions that ended here and must still be ended in Keycloak.");
  const oldest = gauge("keycloak_logouts_oldest_seconds", "Age of the oldest of them.");
  const expired = counter(
    "keycloak_logouts_expired_total",
    "Logouts given up because the session can't exist any more.",
  );
  const tried = counterIn(registry, {
    name: "keycloak_logout_attempts_total",
    help: "Attempts to end sessions in Keycloak that ended here, by outcome.",
    labelNames: ["outcome"],
  });
  const pruned = counterIn(registry, {
    name: "pruned_rows_total",
    help: "Rows removed because nobody needs them any more, by table.",
    labelNames: ["table"],
  });
  const pruneFailures = counterIn(registry, {
    name: "prune_failures_total",
    help: "Batches of such rows that could not be removed, by table.",
    labelNames: ["table"],
  });
  const expiryFailures = counter(
    "session_expiry_failures_total",
    "Batches of sessions that could not be checked for their end.",
  );

  return {
    refreshTokenReuse: () => reuses.inc(),
    sessionHealed: () => healed.inc(),
    logoutsWaiting(count, oldestSeconds) {
      waiting.set(count);
      oldest.set(oldestSeconds);
    },
    logoutsExpired: (count) => expired.inc(count),
    logoutsTried(ended, failed) {
      if (ended > 0) tried.inc({ outcome: "ended" }, ended);
      if (failed > 0) tried.inc({ outcome: "failed" }, failed);
    },
    pruned: (table, rows) => pruned.inc({ table }, rows),
    pruneFailed: (table) => pruneFailures.inc({ table }),
    expiryFailed: () => expiryFailures.inc(),
  };
}
