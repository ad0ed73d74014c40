import type { RegistrationBacklog } from "@libs/database";
import type { Registry } from "@libs/observability";
import { counterIn, gaugeIn, histogramIn } from "@libs/observability";
import { createSessionMetrics, type SessionMetrics } from "./session-metrics.ts";

export interface AuthMetrics extends SessionMetrics {
  /** A call to Keycloak is over. @param outcome `success` or an error code */
  observeKeycloak(operation: string, outcome: string, seconds: number): void;
  /** A call to the database is over. @param outcome `success` or an error code */
  observeDatabase(operation: string, outcome: string, seconds: number): void;
  /** A flow is over. @param outcome `success` or an error code */
  authOutcome(flow: AuthFlow, outcome: string): void;
  /** A registration was taken back in Keycloak, or left there for the recovery. */
  registrationUndo(outcome: "undone" | "left"): void;
  /** Recovery has checked a registration. */
  registrationRecovery(outcome: RecoveryOutcome): void;
  /** What is not finished at this moment. */
  registrationBacklog(backlog: RegistrationBacklog, now: Date): void;
  /** A request came with an `Idempotency-Key`. */
  idempotentRequest(outcome: "claimed" | "answered" | "in_flight" | "reused"): void;
}

/** `checked`: not there, searched for again; `failed`: could not be checked, tried again. */
export type RecoveryOutcome = "undone" | "checked" | "not_created" | "failed" | "parked";

export type AuthFlow = "register" | "login" | "refresh" | "logout";

/** Seconds; fine around the usual answers of Keycloak (10 to 100 ms), up to the deadline of a request. */
const BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/**
 * Every metric of this library, on the registry of the process. Labels come from fixed lists only. A registry that has
 * them already is used as it is, so that several facades can share one.
 */
export function createAuthMetrics(registry: Registry): AuthMetrics {
  const counter = (name: string, help: string, labelNames: string[]) => counterIn(registry, { name, help, labelNames });
  const gauge = (name: string, help: string, labelNames: string[]) => gaugeIn(registry, { name, help, labelNames });
  const histogram = (name: string, help: string) =>
    histogramIn(registry, { name, help, labelNames: ["operation"], buckets: BUCKETS });

  const calls = ["operation", "outcome"];
  const keycloakCalls = counter("keycloak_requests_total", "Calls to Keycloak by operation and outcome.", calls);
  const keycloakSeconds = histogram("keycloak_request_duration_seconds", "Duration of calls to Keycloak.");
  const databaseCalls = counter("database_calls_total", "Calls to the database by operation and outcome.", calls);
  const databaseSeconds = histogram("database_call_duration_seconds", "Duration of calls to the database.");
  const outcomes = counter("auth_outcomes_total", "Registrations, logins, refreshes and logouts by outcome.", [
    "flow",
    "outcome",
  ]);
  const recoveries = counter("registration_recovery_attempts_total", "Registrations checked by recovery, by outcome.", [
    "outcome",
  ]);
  const unfinished = gauge("registrations_unfinished", "Registrations that are not finished, by state.", ["state"]);
  const oldest = gauge("registrations_oldest_unfinished_seconds", "Age of the oldest unfinished registration.", []);
  const idempotent = counter("idempotent_requests_total", "Requests with an Idempotency-Key by outcome.", ["outcome"]);
  const undos = counter("registration_undo_total", "Registrations undone in Keycloak, by outcome.", ["outcome"]);

  return {
    ...createSessionMetrics(registry),
    observeKeycloak(operation, outcome, seconds) {
      keycloakCalls.inc({ operation, outcome });
      keycloakSeconds.observe({ operation }, seconds);
    },
    observeDatabase(operation, outcome, seconds) {
      databaseCalls.inc({ operation, outcome });
      databaseSeconds.observe({ operation }, seconds);
    },
    authOutcome: (flow, outcome) => outcomes.inc({ flow, outcome }),
    registrationUndo: (outcome) => undos.inc({ outcome }),
    registrationRecovery: (outcome) => recoveries.inc({ outcome }),
    registrationBacklog({ pending, undoing, parked, oldestCreatedAt }, now) {
      unfinished.set({ state: "pending" }, pending);
      unfinished.set({ state: "undoing" }, undoing);
      unfinished.set({ state: "parked" }, parked);
      oldest.set(oldestCreatedAt ? Math.max(0, now.getTime() - oldestCreatedAt.getTime()) / 1000 : 0);
    },
    idempotentRequest: (outcome) => idempotent.inc({ outcome }),
  };
}
