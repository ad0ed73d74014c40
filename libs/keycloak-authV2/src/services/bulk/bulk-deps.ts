import type { KeycloakEventSource, ServerFeatureSource } from "../../ports/ports.ts";
import type { SyncDeps } from "../shared/sync-deps.ts";

/** The flows' own ports, and Keycloak's events: who changed while a walk was elsewhere. */
export interface BulkDeps extends SyncDeps {
  eventSource: KeycloakEventSource;
  /** What this Keycloak can do: whether its events can be read at all. */
  serverFeatures: Pick<ServerFeatureSource, "current">;
}
