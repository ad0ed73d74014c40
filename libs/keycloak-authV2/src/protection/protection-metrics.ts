import { counterIn, gaugeIn, type Registry } from "@libs/observability";
import type { HashingBulkhead } from "./hashing-bulkhead.ts";
import type { CircuitName } from "./keycloak-circuit.ts";

const STATES = { closed: 0, "half-open": 1, open: 2 } as const satisfies Record<CircuitName, number>;

/** Which calls a circuit holds back: those for which Keycloak hashes a password, or all others. */
export type CircuitCalls = "hashing" | "other";

export interface ProtectionMetrics {
  circuit(calls: CircuitCalls, state: CircuitName): void;
  overloaded(): void;
  watchHashing(bulkhead: Pick<HashingBulkhead, "active" | "queued">): void;
}

/** Metrics of what is held back, on the registry of the process. */
export function createProtectionMetrics(registry: Registry): ProtectionMetrics {
  const circuit = gaugeIn(registry, {
    name: "keycloak_circuit_state",
    help: "Circuit breakers for Keycloak, for calls that hash a password and for others: 0 closed, 1 half-open, 2 open.",
    labelNames: ["calls"],
  });
  const refused = counterIn(registry, {
    name: "keycloak_hashing_refused_total",
    help: "Logins and registrations refused because too many passwords were being hashed.",
  });
  for (const calls of ["hashing", "other"]) circuit.set({ calls }, 0);
  return {
    circuit: (calls, state) => circuit.set({ calls }, STATES[state]),
    overloaded: () => refused.inc(),
    watchHashing: (bulkhead) => {
      const calls = gaugeIn(registry, {
        name: "keycloak_hashing_calls",
        help: "Calls that make Keycloak hash a password, running and waiting.",
        labelNames: ["state"],
        collect: () => {
          calls.set({ state: "running" }, bulkhead.active);
          calls.set({ state: "waiting" }, bulkhead.queued);
        },
      });
    },
  };
}
