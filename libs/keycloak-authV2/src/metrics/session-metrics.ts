import type { Registry } from "@libs/observability";
import { counterIn, gaugeIn } from "@libs/observability";

export interface SessionMetrics {
  /** A spent refresh token was presented after its grace: the session was ended. */
  refreshTokenReuse(): void;
  /** A session went on whose newest refresh token the database had lost. */
  sessionHealed(): void;
  /** How many logouts Keycloak has not confirmed, and for how long the oldest waits. Seconds. */
  logoutsWaiting(count: number, oldestSeconds: number): void;
  /** A logout was given up: the session can't exist any more, but Keycloak never said so. */
  logoutExpired(): void;
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

  return {
    refreshTokenReuse: () => reuses.inc(),
    sessionHealed: () => healed.inc(),
    logoutsWaiting(count, oldestSeconds) {
      waiting.set(count);
      oldest.set(oldestSeconds);
    },
    logoutExpired: () => expired.inc(),
  };
}
