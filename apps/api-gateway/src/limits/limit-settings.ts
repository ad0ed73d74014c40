/** The variables of the configuration that limits read; see docs/configuration.md. Times are in milliseconds. */
export interface LimitSettings {
  DATABASE_URL: string;
  KEYCLOAK_CLIENT_SECRET: string;
  REQUEST_TIMEOUT_MS: number;
  KEYCLOAK_TIMEOUT_MS: number;
  /** Seconds. */
  LIMIT_LOGIN_WINDOW_S: number;
  /** Seconds. */
  LIMIT_REGISTER_WINDOW_S: number;
  /** Seconds. */
  LIMIT_REFRESH_WINDOW_S: number;
  LIMIT_LOGIN_PER_ACCOUNT: number;
  LIMIT_LOGIN_PER_ADDRESS: number;
  LIMIT_REGISTER_PER_ACCOUNT: number;
  LIMIT_REGISTER_PER_ADDRESS: number;
  LIMIT_REFRESH_PER_SESSION: number;
  LIMIT_REFRESH_PER_ADDRESS: number;
  LOGIN_FAILURE_PAUSE_MS: number;
  LOGIN_LOCK_WAIT_MS: number;
}

/** The variables that protect Keycloak from too many calls. Times are in milliseconds. */
export interface ProtectionSettings {
  KEYCLOAK_TIMEOUT_MS: number;
  REQUEST_TIMEOUT_MS: number;
  KEYCLOAK_HASHING_CONCURRENCY: number;
  KEYCLOAK_HASHING_QUEUE: number;
  KEYCLOAK_HASHING_WAIT_MS: number;
  KEYCLOAK_CIRCUIT_FAILURES: number;
  KEYCLOAK_CIRCUIT_RETRY_MS: number;
}
