import { connectionConfig } from "@libs/database";
import { currentSecret, type Secret } from "@libs/observability/secrets";
import type { PgBoss } from "pg-boss";

/**
 * Has pg-boss take the URL of now, and what it says about TLS and settings, whenever it connects to LISTEN: it copies its
 * settings each time, makes a client of `pg` itself, and knows no other way. Its pool follows by itself, see
 * `followingConnection`.
 */
export function followUrl(boss: PgBoss, url: Secret): void {
  const { config } = boss.getDb() as { config?: object };
  if (!config) throw new Error("pg-boss keeps its settings elsewhere by now");
  const names = ["connectionString", "connection", "ssl"] as const;
  for (const name of names) {
    const get = () => connectionConfig(currentSecret(url))[name];
    Object.defineProperty(config, name, { get, enumerable: true, configurable: true });
  }
}
