/**
 * What this library needs from Keycloak, in its own words. `keycloak/*` adapts the real one, `testing/*` an in-memory
 * one; both pass the same contract suites. Every method rejects with an `AuthError` and nothing else.
 */

export * from "./authentication.ts";
export * from "./event-ports.ts";
export * from "./person-source.ts";
export * from "./server-ports.ts";
export * from "./token-client.ts";
export * from "./token-verifiers.ts";
export * from "./user-ports.ts";
