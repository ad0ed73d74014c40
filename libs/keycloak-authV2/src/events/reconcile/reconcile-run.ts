import type { OutageRetry } from "../../services/bulk/outage-retry.ts";

/** What the steps of reconciliation have at hand; `Deps` is what the step that gets it uses. */
export interface ReconcileRun<Deps = unknown> {
  deps: Deps;
  retry: OutageRetry;
  /** A user who is in Keycloak for certain: our own service account. */
  readonly witnessId: string;
  /** Users a read; fewer once reads have taken too long. */
  readonly pageSize: number;
  /** Users about whom Keycloak fails to answer, as far as they are logged. */
  readonly passedOver: Set<string>;
  /** Nothing reports passwords that change: they are compared. @throws AuthError `keycloak.*` */
  comparesPasswords(): Promise<boolean>;
  /** Counts calls to Keycloak, which are bounded. @throws InterruptedError when the process ends: no call is begun then */
  called(calls?: number): void;
}
