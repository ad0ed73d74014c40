// In-memory repositories, and the contract suites that they and the real ones pass.
export { activityRepositoryContract } from "./contracts/activity-repository-contract.ts";
export { businessRepositoryContract } from "./contracts/business-repository-contract.ts";
export type { ContractSubject, MakeSubject } from "./contracts/contract-subject.ts";
export { idempotencyRepositoryContract } from "./contracts/idempotency-repository-contract.ts";
export { keycloakLogoutRepositoryContract } from "./contracts/keycloak-logout-repository-contract.ts";
export { registrationRepositoryContract } from "./contracts/registration-repository-contract.ts";
export { retentionRepositoryContract } from "./contracts/retention-repository-contract.ts";
export { sessionRepositoryContract } from "./contracts/session-repository-contract.ts";
export { userRepositoryContract } from "./contracts/user-repository-contract.ts";
export { createInMemoryRepositories } from "./create-in-memory-repositories.ts";
export { InMemoryActivityRepository } from "./in-memory-activity-repository.ts";
export { InMemoryBusinessRepository } from "./in-memory-business-repository.ts";
export { InMemoryDatabase } from "./in-memory-database.ts";
export { InMemoryKeycloakLogoutRepository } from "./in-memory-keycloak-logout-repository.ts";
export { InMemoryRegistrationRepository } from "./in-memory-registration-repository.ts";
export { InMemorySessionRepository } from "./in-memory-session-repository.ts";
export { InMemoryUserRepository } from "./in-memory-user-repository.ts";
