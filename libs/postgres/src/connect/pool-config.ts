import type { Secret } from "@libs/observability/secrets";
import type { PoolConfig } from "pg";
import { followingConnection } from "./following-connection.ts";

/**
 * How a process talks to PostgreSQL. Times are in milliseconds.
 * @see {@link DatabasePool}
 */
export interface PoolOptions {
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

/**
 * Settings of a {@link DatabasePool}, with timeouts on everything.
 * @param url its value, or what gives it for each new connection
 * @param options times in milliseconds
 * @see {@link DatabasePool}
 */
export function poolConfig(url: Secret, options: PoolOptions): PoolConfig {
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
