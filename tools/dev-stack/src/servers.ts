import type { KeycloakCluster } from "./cluster/keycloak-cluster.ts";
import type { Supervisor } from "./supervisor/supervisor.ts";

export interface ServerVersions {
  keycloak: string;
  postgres: string;
}

/** A Keycloak and a PostgreSQL that answer, however they came to be. */
export interface Servers {
  /** Where they came from. */
  way: "given" | "native" | "compose";
  keycloakUrl: string;
  managementUrl: string;
  keycloakAdmin: { username: string; password: string };
  /** URL of the application's database; other databases of the server are reached with the same account. */
  databaseUrl: string;
  /** For what a pooler in transaction mode does not serve, where that is another URL. */
  databaseDirectUrl?: string | undefined;
  /** What runs: a full version of Keycloak, a major of PostgreSQL; not known where servers were given. */
  versions?: ServerVersions | undefined;
  pids: { keycloak?: number; postgres?: number };
  /** Files that the servers write to; none where they are not ours. */
  logs: { keycloak?: string; keycloakB?: string; postgres?: string; haproxy?: string };
  /** The nodes behind `keycloakUrl`, where they are a cluster that was started for this. */
  cluster?: KeycloakCluster;
  /** Owner of our own servers, who takes further processes; none where they are not ours. */
  supervisor?: Supervisor;
  /** Ends what was started for this, and nothing else. */
  stop(): Promise<void>;
}
