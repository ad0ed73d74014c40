import type { Secret } from "@libs/observability/secrets";
import type { PgBoss } from "pg-boss";

/**
 * Has pg-boss find the URL of now whenever it connects to LISTEN: it copies its settings each time, and knows no other way
 * to change them. Its pool follows by itself, see `followingConnection`.
 */
export function followUrl(boss: PgBoss, url: Secret): void {
  if (typeof url === "string") return;
  const { config } = boss.getDb() as { config?: object };
  if (!config) throw new Error("pg-boss keeps its settings elsewhere by now");
  Object.defineProperty(config, "connectionString", { get: url, enumerable: true, configurable: true });
}
