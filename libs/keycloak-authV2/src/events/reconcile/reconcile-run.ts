import type { OutageRetry } from "../../services/bulk/outage-retry.ts";

/** The state of the replica that reconciles, for its steps. */
export interface ReconcileState {
  readonly retry: OutageRetry;
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

/** What the steps of reconciliation have at hand; `Deps` is what the step that gets it uses. */
export interface ReconcileRun<Deps = unknown> extends ReconcileState {
  readonly deps: Deps;
}

/** The run of steps that use `deps`. What changes of the state is read at each use. */
export function createRun<Deps>(deps: Deps, state: ReconcileState): ReconcileRun<Deps> {
  return {
    deps,
    retry: state.retry,
    passedOver: state.passedOver,
    get witnessId() {
      return state.witnessId;
    },
    get pageSize() {
      return state.pageSize;
    },
    comparesPasswords: () => state.comparesPasswords(),
    called: (calls) => state.called(calls),
  };
}
