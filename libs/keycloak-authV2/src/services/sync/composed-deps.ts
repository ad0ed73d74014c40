import type { Repositories } from "@libs/database";
import type { AuthMetrics } from "../../metrics/metrics.ts";
import type { KeycloakUserRepository } from "../../ports/ports.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

/** Those repositories that some flow uses; not those of the shop, roles, domain events and operators. */
type FlowRepositories = Pick<
  Repositories,
  | "activities"
  | "business"
  | "feed"
  | "idempotency"
  | "keycloakLogouts"
  | "leases"
  | "reconcile"
  | "registrations"
  | "retention"
  | "sessions"
  | "syncRuns"
  | "tickets"
  | "users"
  | "scans"
>;

/** What the facades, which are composition roots, make for all flows together. */
export interface ComposedDeps extends SyncDeps, FlowRepositories {
  keycloak: KeycloakUserRepository;
  metrics: AuthMetrics;
}
