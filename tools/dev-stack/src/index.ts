// A real Keycloak and a real PostgreSQL on this machine, for development and tests only.

export { StackError } from "./base/stack-error.ts";
export { type GatewayStack, gatewayEnvironment } from "./gateway-environment.ts";
export { GENEROUS_LIMITS } from "./generous-limits.ts";
export type { JvmProfile } from "./keycloak/java-command.ts";
export { isAtLeast, KEYCLOAK_RELEASES, keycloakRelease } from "./keycloak/releases.ts";
export { type DebianProgram, debianProgram } from "./machine/debian-package.ts";
export { freePorts } from "./machine/ports.ts";
export { ordersEnvironment } from "./orders-environment.ts";
export type { PoolMode } from "./pooler/run-pgbouncer.ts";
export { openTestPooler, type TestPooler } from "./pooler/test-pooler.ts";
export { POSTGRES_RELEASES, postgresRelease } from "./postgres/releases.ts";
export { ReplicatedPostgres, type StandbyOptions } from "./replication/replicated-postgres.ts";
export { readStackFile, type StackFile } from "./stack-file.ts";
export { spawnSupervised } from "./supervisor/spawn-supervised.ts";
export { openTestStack, type TestStack, type TestStackOptions } from "./testing/open-test-stack.ts";
export { RUN_NAME, SHARED_SERVERS, type SharedServers, TRACES } from "./testing/parallel-run.ts";
export type { TestDatabase } from "./testing/test-databases.ts";
export { openTestPostgres, type TestPostgres, type TestPostgresOptions } from "./testing/test-postgres.ts";
export { QUICK_PASSWORD_POLICY, type TestRealm, type TestRealmOptions } from "./testing/test-realm.ts";
export { STACK_TIMEOUT_MS, stopTestStack, useStack } from "./testing/use-stack.ts";
