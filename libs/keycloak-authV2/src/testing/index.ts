/** For tests alone: a Keycloak in memory, and the contract suites that it and the real one pass. */

import "@libs/auth-guard/testing";

export { createTestAuth, type TestAuth, type TestLogin, type TestPerson } from "@libs/auth-guard/testing";
export { failure } from "@libs/problems/testing";
export { type LoginDeps, login } from "../services/sessions/login.ts";
export { emailAsUsernameContract } from "./contracts/email-as-username-contract.ts";
export { type EventSourceUnderTest, keycloakEventSourceContract } from "./contracts/keycloak-event-source-contract.ts";
export { type KeycloakRealmUnderTest, newUser } from "./contracts/keycloak-realm-under-test.ts";
export { keycloakUserRepositoryContract } from "./contracts/keycloak-user-repository-contract.ts";
export { type LogoutTokensUnderTest, logoutTokenVerifierContract } from "./contracts/logout-token-verifier-contract.ts";
export { tokenClientContract } from "./contracts/token-client-contract.ts";
export { InMemoryEventSource } from "./in-memory-event-source.ts";
export { InMemoryKeycloak, type InMemoryKeycloakOptions, type StoredUser } from "./in-memory-keycloak.ts";
export { InMemoryKeycloakUserRepository } from "./in-memory-keycloak-user-repository.ts";
export { InMemoryLogoutTokenVerifier } from "./in-memory-logout-token-verifier.ts";
export { InMemoryTokenClient } from "./in-memory-token-client.ts";
export { InMemoryTokenVerifier } from "./in-memory-token-verifier.ts";
