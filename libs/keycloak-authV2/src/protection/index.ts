/** What keeps calls to Keycloak within what it can take: a bound on password hashing, and a circuit breaker. */
export { HashingBulkhead, type HashingOptions } from "./hashing-bulkhead.ts";
export { type CircuitName, type CircuitOptions, KeycloakCircuit } from "./keycloak-circuit.ts";
export { type ProtectionOptions, protectKeycloak } from "./protect-keycloak.ts";
