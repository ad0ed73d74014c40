import { counterIn, gaugeIn } from "@libs/observability";
import type { Registry } from "prom-client";

export type Reconciled = "users" | "sessions";

export interface ReconcileMetrics {
  /** Age of the oldest comparison, in seconds. */
  oldest(what: Reconciled, seconds: number): void;
  differences(what: Reconciled, count: number): void;
  calls(count: number): void;
  /** Keycloak's count minus the local one, without what was explained. */
  countDifference(field: string, difference: number): void;
}

/** Metrics of reconciliation, on the registry of the process. */
export function createReconcileMetrics(registry: Registry): ReconcileMetrics {
  const gauge = (name: string, help: string, label: string) => gaugeIn(registry, { name, help, labelNames: [label] });
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    counterIn(registry, { name, help, labelNames });
  const oldest = gauge(
    "reconcile_oldest_seconds",
    "Age of the oldest comparison with Keycloak, of users and of live sessions.",
    "kind",
  );
  const differences = counter(
    "reconcile_differences_total",
    "Users, or users with sessions, that differed from Keycloak and were passed to the change feed.",
    ["kind"],
  );
  const calls = counter("reconcile_keycloak_calls_total", "Calls to Keycloak that reconciliation made.");
  const counted = gauge(
    "reconcile_count_difference",
    "Keycloak's count of users minus the local one, beyond what is explained.",
    "count",
  );
  return {
    oldest: (kind, seconds) => oldest.set({ kind }, seconds),
    differences: (kind, count) => differences.inc({ kind }, count),
    calls: (count) => calls.inc(count),
    countDifference: (count, difference) => counted.set({ count }, difference),
  };
}
