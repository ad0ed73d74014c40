import {
  DatabaseError,
  DatabaseTimeoutError,
  DatabaseUnavailableError,
  ForeignKeyViolationError,
  StatementRefusedError,
  TransactionConflictError,
  UniqueViolationError,
} from "./errors.ts";

/** What `@prisma/adapter-pg` 7 knows of a failure; Prisma hands it on as `meta.driverAdapterError.cause`. */
interface DriverCause {
  kind?: string;
  originalCode?: string;
  originalMessage?: string;
  constraint?: { index?: string; fields?: string[] };
}

const UNAVAILABLE_KINDS = new Set([
  "DatabaseNotReachable",
  "ConnectionClosed",
  "TlsConnectionError",
  "TooManyConnections",
  "DatabaseDoesNotExist",
  "DatabaseAccessDenied",
  "AuthenticationFailed",
]);

/** Connection exceptions, resources, shutdown and start-up, and a standby that became the address's answer. */
const UNAVAILABLE_STATES = /^(08|53|57P|58|25006$|28|3D|40)/;
/** Of the system and of TLS: there is no connection. */
const NO_CONNECTION =
  /^(E(CONN|PIPE|HOST|NET|NOTFOUND|AI_AGAIN|PROTO|MFILE|NFILE|ACCES$|NOENT$)|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO_|ERR_(TLS|SSL|OSSL))/;
/** Statement or lock timeout. */
const TIMEOUT_STATES = new Set(["57014", "55P03", "25P03", "25P04"]);
/** Prisma's own. */
const UNAVAILABLE_CODES = /^(P1000|P1001|P1003|P1010|P1011|P1017|P2034|P2037)$/;
const TIMEOUT_CODES = /^(P1002|P1008|P2024|P2028|ETIMEDOUT)$/;

/**
 * Prisma's, the adapter's and pg's errors as a {@link DatabaseError}. The one place that knows where each version keeps
 * the name of a violated constraint. Mapped errors carry no `cause`: Prisma's holds rows and arguments.
 * @param error what was thrown
 * @returns the error as it was when it does not come from the database
 * @example
 * ```ts
 * import { DatabaseError, DatabaseUnavailableError, databaseProblem, mapDatabaseError } from "@libs/postgres";
 *
 * export function handle(error: unknown): never {
 *   const mapped = mapDatabaseError(error);
 *   if (mapped instanceof DatabaseUnavailableError) console.warn("PostgreSQL is away");
 *   else if (mapped instanceof DatabaseError) console.warn(mapped.internal);
 *   throw databaseProblem(mapped) ?? mapped; // 503, 504 or 500, with a stable code
 * }
 * ```
 */
export function mapDatabaseError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DatabaseError) return error;
  const cause = driverCause(error);
  if (cause) return fromDriver(cause);
  return fromServer(error) ?? fromConnection(error) ?? error;
}

/**
 * For `.catch`: throws what {@link mapDatabaseError} makes of the error.
 * @param error what was thrown
 * @throws DatabaseError; an error that does not come from the database as it is
 * @example
 * ```ts
 * import { DatabasePool, poolConfig, throwMapped } from "@libs/postgres";
 *
 * const pool = new DatabasePool(poolConfig(process.env.DATABASE_URL ?? "", {}));
 * export const ping = () => (pool.query("SELECT 1") as Promise<unknown>).catch(throwMapped);
 * ```
 */
export function throwMapped(error: unknown): never {
  throw mapDatabaseError(error);
}

function driverCause(error: Error): DriverCause | undefined {
  const meta = (error as { meta?: { driverAdapterError?: { cause?: DriverCause } } }).meta;
  if (meta?.driverAdapterError?.cause) return meta.driverAdapterError.cause;
  return error.name === "DriverAdapterError" ? (error.cause as DriverCause | undefined) : undefined;
}

const KINDS: Readonly<Record<string, string>> = {
  "23505": "UniqueConstraintViolation",
  "23503": "ForeignKeyConstraintViolation",
  "23001": "RestrictViolation",
};

/** A failure that PostgreSQL reported to `pg` itself: it has a severity beside its SQLSTATE. */
function fromServer(error: Error): DatabaseError | undefined {
  const { severity, code, constraint } = error as { severity?: unknown; code?: unknown; constraint?: unknown };
  if (typeof severity !== "string" || typeof code !== "string") return undefined;
  const index = typeof constraint === "string" ? { constraint: { index: constraint } } : {};
  return fromDriver({ kind: KINDS[code] ?? "unknown", originalCode: code, originalMessage: error.message, ...index });
}

function fromDriver(cause: DriverCause): DatabaseError {
  const { kind = "unknown", originalCode = "", originalMessage = "" } = cause;
  if (kind === "UniqueConstraintViolation") return new UniqueViolationError(constraintName(cause));
  if (kind === "ForeignKeyConstraintViolation" || kind === "RestrictViolation")
    return new ForeignKeyViolationError(constraintName(cause));
  if (kind === "SocketTimeout" || TIMEOUT_STATES.has(originalCode))
    return known(DatabaseTimeoutError, `no answer in time (${originalCode || kind})`);
  if (kind === "TransactionWriteConflict" || /^40(001|P01)$/.test(originalCode))
    return known(TransactionConflictError, `transaction undone (${originalCode || kind})`);
  if (UNAVAILABLE_KINDS.has(kind) || UNAVAILABLE_STATES.test(originalCode))
    return known(DatabaseUnavailableError, `database unavailable (${originalCode || kind})`);
  const refused = `statement refused (${originalCode || kind})`;
  // Class 22 (data exceptions) quotes the offending value.
  const text = originalCode.startsWith("22") ? "" : `: ${originalMessage}`;
  const logged = NAMES_ALONE.test(originalCode) ? text : "";
  return new StatementRefusedError(originalCode, `${refused}${text}`, `${refused}${logged}`);
}

/**
 * Classes whose messages name tables, columns, constraints and rights, and no value: a broken constraint (the row is in
 * the detail), invalid names and missing rights, objects in the wrong state, limits. A trigger's own words (P0001) and a
 * malformed value (22) are not among them.
 */
const NAMES_ALONE = /^(0A|23|42(?!601)|55|54|25)/;

/** An error whose message is made here, of codes alone: it may be logged. */
function known<E extends DatabaseError>(
  Kind: new (message: string, options: { internal: string }) => E,
  message: string,
): E {
  return new Kind(message, { internal: message });
}

function constraintName({ constraint, originalMessage = "" }: DriverCause): string {
  if (constraint?.index) return constraint.index;
  return /constraint "([^"]+)"/.exec(originalMessage)?.[1] ?? constraint?.fields?.join(",") ?? "unknown";
}

/** Failures that never reached the server: the pool's and the socket's. */
function fromConnection(error: Error): DatabaseError | undefined {
  const { code = "" } = error as { code?: unknown };
  const { message } = error;
  if (TIMEOUT_CODES.test(String(code))) return known(DatabaseTimeoutError, `no answer in time (${code})`);
  if (UNAVAILABLE_CODES.test(String(code)) || NO_CONNECTION.test(String(code)))
    return known(DatabaseUnavailableError, `database unavailable (${code})`);
  if (
    /^(timeout expired|timeout exceeded when trying to connect|Connection terminated due to connection timeout)/.test(
      message,
    )
  )
    return known(DatabaseTimeoutError, "no connection in time");
  if (/^Query read timeout/.test(message)) return known(DatabaseTimeoutError, "no answer in time");
  if (
    /^(Connection terminated|Client has encountered a connection error|Client was closed|Cannot use a pool after)/.test(
      message,
    )
  )
    return known(DatabaseUnavailableError, "connection lost");
  if (/^SASL: |client password must be/.test(message))
    return known(DatabaseUnavailableError, "database unavailable (the password is missing or is not one)");
  if (/^(The server does not support SSL|There was an error establishing an SSL)/.test(message))
    return known(DatabaseUnavailableError, "database unavailable (no TLS)");
  if (/^(received invalid response|the database URL )/.test(message))
    return known(DatabaseUnavailableError, `database unavailable (${message})`);
  return undefined;
}
