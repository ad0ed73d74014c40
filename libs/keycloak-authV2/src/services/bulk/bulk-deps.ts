import type { KeycloakEventSource } from "../../ports.ts";
import type { SyncDeps } from "../sync/sync-deps.ts";

/** The flows' own ports, and Keycloak's events: who changed while a walk was elsewhere. */
export interface BulkDeps extends SyncDeps {
  eventSource: KeycloakEventSource;
}
