import { currentSecret, type Secret, secretFromEnvironment } from "@libs/observability/secrets";
import type { PoolConfig } from "pg";
import { SCHEMA_BY_PATH } from "./connect/database-client.ts";
import { followingConnection } from "./connect/following-connection.ts";
import { staysAtDatabase } from "./connect/stays-at-database.ts";
import { PrismaClient as GeneratedClient } from "./generated/client.ts";
import { PooledAdapter } from "./prisma/pooled-adapter.ts";
import { createStatementNames } from "./prisma/statement-names.ts";

/** Prisma's client is a proxy, which has no private fields. */
const adapters = new WeakMap<object, PooledAdapter>();

/** How a process talks to PostgreSQL. Times are in milliseconds. */
export interface DatabaseOptions {
  /** Most connections at once; 10 when left out. */
  poolSize?: number;
  /** Longest wait for a connection, whether a new one or a free one; 1500 when left out. */
  connectTimeoutMs?: number;
  /** Longest wait for an answer, kept on this side, so that it holds when the server is silently gone; 2000. */
  queryTimeoutMs?: number;
  /** When the server gives up on a statement by itself; a little before `queryTimeoutMs` when left out. */
  statementTimeoutMs?: number;
  /** Shown in `pg_stat_activity`. */
  applicationName?: string;
}

const CONNECT_TIMEOUT_MS = 1_500;
const QUERY_TIMEOUT_MS = 2_000;
const SERVER_HEAD_START_MS = 250;
/** After that the server frees what an open transaction locks, should its process be gone without a word. */
const IDLE_TRANSACTION_MS = 5_000;

/**
 * What answers and arguments are read by, whatever the account is set to: the adapter takes every timestamptz for UTC and
 * for ISO, whatever the server sends, and writes null into arrays.
 */
const ANSWERS = { TimeZone: "UTC", DateStyle: "ISO", array_nulls: "on" };

function poolConfig(url: Secret, options: DatabaseOptions): PoolConfig {
  const queryTimeoutMs = options.queryTimeoutMs ?? QUERY_TIMEOUT_MS;
  const statementTimeoutMs = options.statementTimeoutMs ?? Math.max(1, queryTimeoutMs - SERVER_HEAD_START_MS);
  const settings = {
    statement_timeout: String(statementTimeoutMs),
    idle_in_transaction_session_timeout: String(IDLE_TRANSACTION_MS),
  };
  return {
    ...followingConnection(url, { settings, fixed: ANSWERS }),
    max: options.poolSize ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    query_timeout: queryTimeoutMs,
    application_name: options.applicationName ?? "keycloak-sync-gateway",
    // A script that is done may end without closing its connections first.
    allowExitOnIdle: true,
  };
}

/**
 * The application's database, with timeouts on everything.
 *
 * @example
 * ```ts
 * const prisma = new PrismaClient(); // takes DATABASE_URL
 * const user = await prisma.user.findUnique({ where: { id } });
 * ```
 */
export class PrismaClient extends GeneratedClient {
  /**
   * @param options.url left out: `DATABASE_URL`, or the file that `DATABASE_URL_FILE` names
   * @throws Error when there is none, SecretFileError when that file can't be used
   */
  constructor(options: DatabaseOptions & { url?: Secret } = {}) {
    const url = options.url ?? secretFromEnvironment("DATABASE_URL", process.env, { check: staysAtDatabase });
    if (!url || !currentSecret(url)) throw new Error("DATABASE_URL is not set");
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
 * @param url `postgresql://user:password@host:port/database`, or what gives it for each new connection; nothing is
 *   connected before the first query
 */
export function createDatabase(url: Secret, options: DatabaseOptions = {}): PrismaClient {
  return new PrismaClient({ ...options, url });
}
