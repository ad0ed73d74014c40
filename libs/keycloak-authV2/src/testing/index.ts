/** For tests alone: a Keycloak in memory, and the contract suites that it and the real one pass. */
export { failure, type KeycloakRealmUnderTest, newUser } from "./contracts/keycloak-realm-under-test.ts";
export { keycloakUserRepositoryContract } from "./contracts/keycloak-user-repository-contract.ts";
export { tokenClientContract } from "./contracts/token-client-contract.ts";
export { InMemoryKeycloak, type InMemoryKeycloakOptions, type StoredUser } from "./in-memory-keycloak.ts";
export { InMemoryKeycloakUserRepository } from "./in-memory-keycloak-user-repository.ts";
export { InMemoryTokenClient } from "./in-memory-token-client.ts";
export { InMemoryTokenVerifier } from "./in-memory-token-verifier.ts";
