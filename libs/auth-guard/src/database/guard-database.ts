import type { Secret } from "@libs/observability/secrets";
import { DatabasePool, poolConfig } from "@libs/postgres";
import type { RunStatement } from "./postgres-guard-repository.ts";

/**
 * A client of the application's database whose connections are shared: that of `@libs/database`.
 * @see {@link shareDatabase}
 */
export interface SharedDatabase {
  $queryRawUnsafe<Rows>(statement: string, ...values: unknown[]): PromiseLike<Rows>;
  leaveServer(): void;
}

/** How a guard reaches the database. */
export interface GuardDatabase {
  run: RunStatement;
  /** Closes the connections that are open now: their server is not the one to use any more. */
  leaveServer(): void;
  close(): Promise<void>;
}

/** Connections of the guard's own: look-ups of what is not in memory. */
const POOL_SIZE = 4;

/**
 * Opens the guard's own pool of four connections.
 * @param url asked for at each connection where it is a function
 * @returns the caller closes it
 * @example
 * ```ts
 * import { openGuardDatabase, PostgresGuardRepository } from "@libs/auth-guard";
 *
 * const database = openGuardDatabase(() => process.env.DATABASE_URL ?? "");
 * const repository = new PostgresGuardRepository(database.run);
 * export const session = await repository.findSession("a5f3…"); // the token's `sid`
 * await database.close();
 * ```
 */
export function openGuardDatabase(url: Secret): GuardDatabase {
  const pool = new DatabasePool(poolConfig(url, { poolSize: POOL_SIZE }));
  // A connection that breaks while nobody uses it: the next call opens another.
  pool.on("error", () => {});
  return {
    run: async (statement, values) =>
      (await (pool.query({ ...statement, values }) as Promise<{ rows: object[] }>)).rows,
    leaveServer: () => pool.leaveServer(),
    close: () => pool.end(),
  };
}

/**
 * Lets a guard use the connections of a client that the service has already. Closing the result leaves that client
 * open: it is its owner's.
 * @param database the service's client, such as a `PrismaClient` of `@libs/database`
 * @example
 * ```ts
 * import { PostgresGuardRepository, type SharedDatabase, shareDatabase } from "@libs/auth-guard";
 * import { PrismaClient } from "@libs/database";
 *
 * const prisma: SharedDatabase = new PrismaClient();
 * export const repository = new PostgresGuardRepository(shareDatabase(prisma).run);
 * ```
 */
export function shareDatabase(database: SharedDatabase): GuardDatabase {
  return {
    run: async ({ text }, values) => await database.$queryRawUnsafe<object[]>(text, ...values),
    leaveServer: () => database.leaveServer(),
    close: async () => {},
  };
}
