/** How PostgreSQL is reached: connections, pools, changes that it reports, and what its errors mean. */

export { connectionConfig, DatabaseClient, SCHEMA_BY_PATH, type SessionOptions } from "./connect/database-client.ts";
export { DatabasePool } from "./connect/database-pool.ts";
export { type DatabaseTarget, readDatabaseTarget, type ServerSettings } from "./connect/database-target.ts";
export { databaseUrlFault } from "./connect/database-url-fault.ts";
export { detectPooling, type Pooling } from "./connect/detect-pooling.ts";
export { followingConnection } from "./connect/following-connection.ts";
export { type PoolOptions, poolConfig } from "./connect/pool-config.ts";
export { readCommittedSession } from "./connect/read-committed-session.ts";
export { retryConflicts } from "./connect/retry-conflicts.ts";
export { sqlState } from "./connect/sql-states.ts";
export { staysAtDatabase } from "./connect/stays-at-database.ts";
export { databaseProblem } from "./database-problem.ts";
export * from "./errors.ts";
export type * from "./listen/change-channel.ts";
export { type ChangeChannelOptions, PostgresChangeChannel } from "./listen/postgres-change-channel.ts";
export { mapDatabaseError, throwMapped } from "./map-database-error.ts";
export { type AppliedRow, type Migration, readMigrations } from "./migration-files.ts";
export { describeConnectionFailure } from "./reach/describe-connection-failure.ts";
export { diagnoseDatabase } from "./reach/diagnose-database.ts";
export { type DirectUrl, directUrlFault, directUrlOf } from "./reach/direct-url-fault.ts";
