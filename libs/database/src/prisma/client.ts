import { currentSecret, type Secret, secretFromEnvironment } from "@libs/observability/secrets";
import { type PoolOptions, poolConfig, SCHEMA_BY_PATH, staysAtDatabase } from "@libs/postgres";
import { SetupError } from "@libs/problems";
import { PrismaClient as GeneratedClient } from "../generated/client.ts";
import { PooledAdapter } from "./pooled-adapter.ts";
import { createStatementNames } from "./statement-names.ts";

/** Prisma's namespace: types of models, inputs and results, `Prisma.sql`, known errors. */
export { Prisma } from "../generated/client.ts";

/**
 * How a process talks to PostgreSQL.
 * @see {@link createDatabase}
 */
export type DatabaseOptions = PoolOptions;

/** Prisma's client is a proxy, which has no private fields. */
const adapters = new WeakMap<object, PooledAdapter>();

/**
 * The application's database, with timeouts on everything.
 * @example
 * ```ts
 * import { PrismaClient } from "@libs/database";
 *
 * const prisma = new PrismaClient(); // reads DATABASE_URL
 * export const ada = await prisma.user.findFirst({ where: { username: "ada" } });
 * ```
 */
export class PrismaClient extends GeneratedClient {
  /**
   * @param options.url left out: `DATABASE_URL`, or the file that `DATABASE_URL_FILE` names; nothing else of this package reads
   *   the environment
   * @throws SetupError when there is none; SecretFileError, one of them, when that file can't be used
   */
  constructor(options: DatabaseOptions & { url?: Secret } = {}) {
    const url = options.url ?? secretFromEnvironment("DATABASE_URL", process.env, { check: staysAtDatabase });
    if (!url || !currentSecret(url)) throw new SetupError("setup.missing", "DATABASE_URL is not set");
    const adapter = new PooledAdapter(poolConfig(url, options), {
      schema: SCHEMA_BY_PATH,
      statementNameGenerator: createStatementNames(),
    });
    super({
      // Minimal: the other formats print arguments, and those hold personal data.
      errorFormat: "minimal",
      adapter,
    });
    adapters.set(this, adapter);
  }

  /**
   * Closes the connections that are open now, those in use when they come back: for whoever learns that their server is
   * not the one to use any more, which reading alone does not show.
   */
  leaveServer(): void {
    adapters.get(this)?.leaveServer();
  }
}

/**
 * Makes a client of the application's database.
 * @param options times in milliseconds
 * @param url `postgresql://user:password@host:port/database`, or what gives it for each new connection; nothing is
 *   connected before the first query
 * @see https://www.prisma.io/docs/orm/prisma-client
 * @example
 * ```ts
 * import { createDatabase, type DatabaseOptions } from "@libs/database";
 *
 * const options: DatabaseOptions = { poolSize: 10, queryTimeoutMs: 2000, applicationName: "reports" };
 * const prisma = createDatabase(() => process.env.DATABASE_URL ?? "", options);
 * export const count = await prisma.order.count();
 * await prisma.$disconnect();
 * ```
 */
export function createDatabase(url: Secret, options: DatabaseOptions = {}): PrismaClient {
  return new PrismaClient({ ...options, url });
}
