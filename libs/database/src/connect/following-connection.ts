import { currentSecret, type Secret } from "@libs/observability/secrets";
import pg from "pg";

/**
 * Where a pool connects to. With a URL that may change each new connection takes it as it is then; connections that are
 * open go on: PostgreSQL does not close them when a password changes.
 * @param settingsOf what goes with a URL
 */
export function followingConnection(
  url: Secret,
  settingsOf: (url: string) => pg.ClientConfig = (connectionString) => ({ connectionString }),
): pg.PoolConfig {
  if (typeof url === "string") return settingsOf(url);
  class FollowingClient extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super({ ...config, ...settingsOf(currentSecret(url)) });
    }
  }
  return { ...settingsOf(currentSecret(url)), Client: FollowingClient };
}
