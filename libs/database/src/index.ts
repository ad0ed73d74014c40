// The application's own database: ports, their PostgreSQL adapters, and the errors that they may throw.
export type * from "./activity-repository.ts";
export type * from "./business-repository.ts";
export { createDatabase, type DatabaseOptions, PrismaClient } from "./client.ts";
export { createRepositories, type Repositories } from "./create-repositories.ts";
export type * from "./domain-event.ts";
export * from "./errors.ts";
export type * from "./feed-repository.ts";
export type * from "./idempotency-repository.ts";
export { type DatabaseOutcome, instrument, type ObserveDatabase } from "./instrument.ts";
export type * from "./keycloak-logout-repository.ts";
export { mapPrismaError } from "./prisma/map-prisma-error.ts";
export type * from "./registration-repository.ts";
export type * from "./retention-repository.ts";
export type * from "./session-repository.ts";
export type * from "./sync-run-repository.ts";
export type * from "./user-repository.ts";
export type * from "./walk-repository.ts";
