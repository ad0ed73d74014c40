import type { TableRight } from "@libs/postgres/schema-check";

/**
 * What the gateway's flows and sweeps do to which tables, beside reading all of them. Rows that are deleted in batches are
 * locked before, which PostgreSQL counts as UPDATE; what a foreign key deletes needs no right.
 * @example
 * ```ts
 * import { GATEWAY_RIGHTS } from "@libs/keycloak-authV2/startup-check";
 *
 * for (const [table, rights] of Object.entries(GATEWAY_RIGHTS))
 *   console.log(`GRANT SELECT, ${rights.join(", ")} ON ${table} TO gateway;`);
 * ```
 */
export const GATEWAY_RIGHTS: Readonly<Record<string, readonly TableRight[]>> = {
  activity_logs: ["INSERT", "UPDATE", "DELETE"],
  domain_events: ["INSERT", "DELETE"],
  change_notices: ["INSERT", "UPDATE", "DELETE"],
  feed_seen_events: ["INSERT", "UPDATE", "DELETE"],
  idempotency_keys: ["INSERT", "UPDATE", "DELETE"],
  keycloak_logouts: ["INSERT", "UPDATE", "DELETE"],
  leases: ["INSERT", "UPDATE"],
  login_locks: ["INSERT", "UPDATE", "DELETE"],
  rate_limits: ["INSERT", "UPDATE", "DELETE"],
  registrations: ["INSERT", "UPDATE", "DELETE"],
  sessions: ["INSERT", "UPDATE", "DELETE"],
  spent_refresh_tokens: ["INSERT", "DELETE"],
  sync_cursors: ["INSERT", "UPDATE"],
  sync_runs: ["INSERT", "UPDATE"],
  user_count_changes: ["INSERT", "UPDATE", "DELETE"],
  user_roles: ["UPDATE", "DELETE"],
  users: ["INSERT", "UPDATE"],
  // Who was on Keycloak's list, where that is all it has (before 26.6).
  scan_seen: ["INSERT", "DELETE"],
};
