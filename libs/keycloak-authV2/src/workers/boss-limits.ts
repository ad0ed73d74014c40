import type { ConstructorOptions } from "pg-boss";

/**
 * How long pg-boss waits. It sets no limit of its own to a statement: one on a connection that a gateway in the network has
 * forgotten would hold up its worker for a quarter of an hour. Its LISTEN is back 8 s after such a loss.
 */
export const BOSS_LIMITS = {
  connectionTimeoutMillis: 1_500,
  /** Above the server's own limit, also for its set-up of several statements. Milliseconds. */
  query_timeout: 10_000,
  notifyHeartbeatIntervalMs: 4_000,
  notifyHeartbeatTimeoutMs: 3_000,
} satisfies Partial<ConstructorOptions> & { query_timeout: number };
