import type { ProtectionOptions } from "@libs/keycloak-authV2";
import type { Logger } from "@libs/observability";
import type { ProtectionSettings } from "./limit-settings.ts";

/** A timer may fire a little early. Milliseconds. */
const TIMER_SLACK_MS = 20;
/** The share of a request's time that one call to Keycloak gets at most, whatever its own limit is. */
const CALL_SHARE = 2 / 3;

/**
 * The time that a login or registration leaves for its call to Keycloak, so that no call is cut short by the end of its
 * own request: that would look like an outage, and may leave a session that nobody holds. Milliseconds.
 */
export const reservedMs = ({
  KEYCLOAK_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
}: Pick<ProtectionSettings, "KEYCLOAK_TIMEOUT_MS" | "REQUEST_TIMEOUT_MS">): number =>
  Math.min(KEYCLOAK_TIMEOUT_MS, Math.floor(REQUEST_TIMEOUT_MS * CALL_SHARE));

/** How the gateway holds back its calls to Keycloak. */
export function protectionOptions(config: ProtectionSettings, logger: Logger): ProtectionOptions {
  return {
    hashing: {
      concurrency: config.KEYCLOAK_HASHING_CONCURRENCY,
      queue: config.KEYCLOAK_HASHING_QUEUE,
      waitMs: config.KEYCLOAK_HASHING_WAIT_MS,
      reservedMs: reservedMs(config),
    },
    circuit: {
      failures: config.KEYCLOAK_CIRCUIT_FAILURES,
      retryMs: config.KEYCLOAK_CIRCUIT_RETRY_MS,
      fullWaitMs: reservedMs(config) - TIMER_SLACK_MS,
    },
    logger,
  };
}
