import type { ProtectionOptions } from "@libs/keycloak-authV2";
import type { Logger } from "@libs/observability";
import type { Config } from "../config.ts";

/** How the gateway holds back its calls to Keycloak. */
export function protectionOptions(config: Config, logger: Logger): ProtectionOptions {
  return {
    hashing: {
      concurrency: config.KEYCLOAK_HASHING_CONCURRENCY,
      queue: config.KEYCLOAK_HASHING_QUEUE,
      waitMs: config.KEYCLOAK_HASHING_WAIT_MS,
    },
    circuit: { failures: config.KEYCLOAK_CIRCUIT_FAILURES, retryMs: config.KEYCLOAK_CIRCUIT_RETRY_MS },
    logger,
  };
}
