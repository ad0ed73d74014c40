import { currentSecret, type Secret } from "@libs/observability/secrets";
import type pg from "pg";
import { DatabaseClient, type SessionOptions } from "./database-client.ts";

/**
 * Where a pool connects to, and how: see {@link DatabaseClient}. With a URL that may change each new connection takes it as
 * it is then; connections that are open go on: PostgreSQL does not close them when a password changes.
 */
export function followingConnection(url: Secret, session: SessionOptions = {}): pg.PoolConfig {
  class FollowingClient extends DatabaseClient {
    constructor(config?: pg.ClientConfig) {
      super(currentSecret(url), config, session);
    }
  }
  return { Client: FollowingClient as unknown as new () => pg.ClientBase };
}
