import type { DatabaseClient } from "@libs/database";

const ROWS = 40_000;

/** Tables that grow with people, time or traffic: no statement may read one of them as a whole. */
export const GROWING_TABLES = [
  "users",
  "sessions",
  "spent_refresh_tokens",
  "activity_logs",
  "registrations",
  "idempotency_keys",
  "keycloak_logouts",
  "change_notices",
  "feed_seen_events",
  "domain_events",
  "user_roles",
  "rate_limits",
  "carts",
  "cart_items",
  "orders",
  "order_items",
  "sync_failures",
  "scan_seen",
];

const id = (place: string) => `'user-' || lpad((${place})::text, 9, '0')`;
const uuid = (place: string) => `md5((${place})::text)::uuid`;
const rows = (count = ROWS) => `generate_series(1, ${count}) AS n`;
const PAST = "now() - n * interval '7 seconds'";

const FILLS = [
  `INSERT INTO stores (id, name) SELECT 'store-' || n, 'store' FROM ${rows(200)}`,
  `INSERT INTO roles (id, name) SELECT ${uuid("n")}, 'role-' || n FROM ${rows(50)}`,
  `INSERT INTO users (id, username, email, synced_at, keycloak_created_at, deleted_at, store_id)
    SELECT ${id("n")}, 'name-' || n, 'name-' || n || '@example.test', now(), ${PAST},
      CASE WHEN n % 50 = 0 THEN now() END, 'store-' || (1 + n % 200) FROM ${rows()}`,
  // Most have ended, as everywhere after a month.
  `INSERT INTO sessions (session_id, user_id, keycloak_session_id, access_token, refresh_token_hash, token_expires_at,
      refresh_expires_at, expiry_check_at, started_at, last_seen_at, ended_at, end_reason)
    SELECT ${uuid("n")}::text, ${id(`1 + n % ${ROWS}`)}, 'sid-' || n, CASE WHEN n % 5 = 0 THEN repeat('t', 300) END, 'hash-' || n,
      now(), now() + n * interval '1 second', now() + n * interval '1 second', ${PAST}, ${PAST},
      CASE WHEN n % 5 > 0 THEN ${PAST} END, CASE WHEN n % 5 > 0 THEN 'logout' END FROM ${rows()}`,
  `INSERT INTO spent_refresh_tokens (session_id, token_hash, spent_at)
    SELECT ${uuid("1 + n / 4")}::text, 'spent-' || n, now() FROM ${rows()}`,
  `INSERT INTO activity_logs (user_id, type, at) SELECT ${id(`1 + n % ${ROWS}`)}, 'session.started', ${PAST} FROM ${rows()}`,
  `INSERT INTO registrations (id, state, username, email, profile, keycloak_user_id, updated_at, created_at, next_attempt_at, parked_at)
    SELECT 'reg-' || n, CASE WHEN n % 500 = 0 THEN 'pending' ELSE 'completed' END, 'name-' || n, 'name-' || n || '@example.test',
      '{}', ${id("n")}, ${PAST}, ${PAST}, CASE WHEN n % 500 = 0 THEN now() END, CASE WHEN n % 1000 = 0 THEN now() END FROM ${rows()}`,
  `INSERT INTO idempotency_keys (scope, key, fingerprint, registration_id, locked_until, expires_at)
    SELECT 'register', 'key-' || n, 'k1:' || n, 'reg-' || n, now(), now() + n * interval '1 second' FROM ${rows()}`,
  `INSERT INTO keycloak_logouts (keycloak_session_id, user_id, reason, next_attempt_at, created_at, expires_at)
    SELECT 'sid-' || n, ${id("n")}, 'logout', ${PAST}, ${PAST}, now() + n * interval '1 second' FROM ${rows()}`,
  `INSERT INTO change_notices (kind, subject, source, changed_at, next_attempt_at, dead_at, last_error, passes)
    SELECT 'user', ${id("n")}, CASE WHEN n % 9 = 0 THEN 'full_look' ELSE 'event' END, ${PAST}, ${PAST},
      CASE WHEN n % 100 = 0 THEN now() END, CASE WHEN n % 50 = 0 THEN 'user.refused_here' END, n % 2 FROM ${rows()}`,
  `INSERT INTO feed_seen_events (source, event_id, seen_at) SELECT 'user_events', 'event-' || n, ${PAST} FROM ${rows()}`,
  `INSERT INTO domain_events (user_id, version, type, at) SELECT ${id("n")}, 1, 'user.updated', ${PAST} FROM ${rows()}`,
  `INSERT INTO user_roles (user_id, grantee_email, role_id)
    SELECT CASE WHEN n % 20 > 0 THEN ${id("n")} END, CASE WHEN n % 20 = 0 THEN 'waits-' || n || '@example.test' END,
      ${uuid("1 + n % 50")} FROM ${rows()}`,
  `INSERT INTO rate_limits (key, points, expire) SELECT 'limit-' || n, 1, n FROM ${rows()}`,
  `INSERT INTO carts (id, user_id, store_id, currency) SELECT ${uuid("n")}, ${id("n")}, 'store-' || (1 + n % 200), 'EUR' FROM ${rows()}`,
  `INSERT INTO cart_items (cart_id, sku, name, quantity, unit_price_minor) SELECT ${uuid("n")}, 'sku', 'Pen', 1, 1 FROM ${rows()}`,
  `INSERT INTO orders (id, user_id, store_id, currency, total_minor, placed_at)
    SELECT ${uuid("n")}, ${id("n")}, 'store-' || (1 + n % 200), 'EUR', 1, ${PAST} FROM ${rows()}`,
  `INSERT INTO order_items (order_id, sku, name, quantity, unit_price_minor) SELECT ${uuid("n")}, 'sku', 'Pen', 1, 1 FROM ${rows()}`,
  `INSERT INTO sync_runs (id, kind, state) SELECT ${uuid("n")}, 'sync', 'finished' FROM ${rows(100)}`,
  `INSERT INTO sync_failures (run_id, user_id, error, resolved_at)
    SELECT ${uuid("1 + n % 100")}, ${id("n")}, 'user.refused_here', CASE WHEN n % 100 > 0 THEN now() END FROM ${rows()}`,
  `INSERT INTO scan_seen (run_id, user_id) SELECT ${uuid("1 + n % 2")}, ${id("n")} FROM ${rows()}`,
];

/** Fills a migrated, empty database so that the planner takes its tables for what they become. */
export async function fillLargeTables(client: DatabaseClient): Promise<void> {
  // Neither triggers nor foreign keys: no row here depends on them, and they cost most of the time.
  await client.query("SET session_replication_role = replica");
  for (const fill of FILLS) await client.query(fill);
  await client.query("RESET session_replication_role");
  await client.query("VACUUM (ANALYZE)");
}
