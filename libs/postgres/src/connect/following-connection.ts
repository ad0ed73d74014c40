import { currentSecret, type Secret } from "@libs/observability/secrets";
import type pg from "pg";
import { DatabaseClient, type SessionOptions } from "./database-client.ts";

/**
 * Where a pool connects to, and how: see {@link DatabaseClient}. With a URL that may change each new connection takes it as
 * it is then; connections that are open go on: PostgreSQL does not close them when a password changes.
 * @param url its value, or what gives it for each new connection
 * @param session how each connection is to be
 * @example
 * ```ts
 * import { followingConnection, readCommittedSession } from "@libs/postgres";
 * import pg from "pg";
 *
 * const url = () => process.env.DATABASE_DIRECT_URL ?? "";
 * export const pool = new pg.Pool({ ...followingConnection(url, { settles: false }), ...readCommittedSession, max: 2 });
 * ```
 */
export function followingConnection(url: Secret, session: SessionOptions = {}): pg.PoolConfig {
  class FollowingClient extends DatabaseClient {
    constructor(config?: pg.ClientConfig) {
      super(currentSecret(url), config, session);
    }
  }
  return { Client: FollowingClient as unknown as new () => pg.ClientBase };
}
