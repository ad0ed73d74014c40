import { type AuthErrorCode, type CatalogueEntry, catalogue, LibraryError } from "@libs/problems";

/** Classes of SQLSTATE about what was to be written: data exceptions, broken constraints. The same call fails again. */
const VALUE_REFUSED = /^2[23]/;

/**
 * What a repository may throw, whatever the driver calls it. Messages are internal: never shown to a caller. `code` is what
 * a caller may learn of it: `database.timeout` and `database.unavailable` are worth a retry, as are a table or a right that
 * is missing until the migration is through, and a name that another transaction holds; a value that is refused is a fault
 * of ours (`internal.error`).
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 * @see {@link mapDatabaseError}
 */
export abstract class DatabaseError extends LibraryError<AuthErrorCode> {
  override readonly name: string = "DatabaseError";
  readonly code: AuthErrorCode = "database.unavailable";
  /** For the log: SQLSTATE or the driver's code, and names of tables, columns or constraints. Never a value. */
  readonly internal?: string;
  /** Its stack says nothing that `internal` does not. */
  readonly causeKnown = true;

  constructor(message?: string, options: ErrorOptions & { internal?: string } = {}) {
    super(message, options);
    if (options.internal !== undefined) this.internal = options.internal;
  }

  get entry(): CatalogueEntry {
    return catalogue[this.code];
  }
}

/**
 * The database can't be reached, refuses connections or cut one. The outcome of a write may be unknown.
 * @see {@link mapDatabaseError}
 */
export class DatabaseUnavailableError extends DatabaseError {
  override readonly name: string = "DatabaseUnavailableError";
}

/**
 * The transaction was undone because of another one: a deadlock, a row that is there by now. Nothing was written.
 * @see {@link retryConflicts}
 */
export class TransactionConflictError extends DatabaseUnavailableError {
  override readonly name = "TransactionConflictError";
}

/**
 * No answer, or no free connection, within the configured time. The outcome of a write may be unknown.
 * @see {@link UniqueViolationError}
 */
export class DatabaseTimeoutError extends DatabaseError {
  override readonly name = "DatabaseTimeoutError";
  override readonly code = "database.timeout";
}

/**
 * Name of a unique constraint or index.
 * @see {@link UniqueViolationError}
 */
export type UniqueConstraint = "users_pkey" | "users_username_key" | "users_email_key" | (string & {});

/**
 * Another row has this value already. Nothing was written.
 * @example
 * ```ts
 * import {
 *   DatabaseTimeoutError,
 *   ForeignKeyViolationError,
 *   StatementRefusedError,
 *   type UniqueConstraint,
 *   UnfinishedRegistrationError,
 *   UniqueViolationError,
 * } from "@libs/postgres";
 *
 * const username: UniqueConstraint = "users_username_key";
 *
 * export function reason(error: unknown): string {
 *   if (error instanceof UniqueViolationError) return error.constraint === username ? "name taken" : error.constraint;
 *   if (error instanceof ForeignKeyViolationError) return `no such row: ${error.constraint}`;
 *   if (error instanceof UnfinishedRegistrationError) return "the name is being registered";
 *   if (error instanceof DatabaseTimeoutError) return "the outcome is unknown";
 *   return error instanceof StatementRefusedError ? error.sqlState : "something else";
 * }
 * ```
 */
export class UniqueViolationError extends DatabaseError {
  override readonly name = "UniqueViolationError";
  constructor(
    readonly constraint: UniqueConstraint,
    options?: ErrorOptions,
  ) {
    super(`unique constraint ${constraint} violated`, { ...options, internal: `unique constraint ${constraint}` });
  }
}

/**
 * A user that is not known here was not inserted: a registration of the same name is not finished yet.
 * @see {@link UniqueViolationError}
 */
export class UnfinishedRegistrationError extends DatabaseError {
  override readonly name = "UnfinishedRegistrationError";
  override readonly code = "registration.recovering";
}

/**
 * A row that is referred to does not exist, or is still referred to. Nothing was written.
 * @see {@link UniqueViolationError}
 */
export class ForeignKeyViolationError extends DatabaseError {
  override readonly name = "ForeignKeyViolationError";
  override readonly code = "internal.error";
  constructor(
    readonly constraint: string,
    options?: ErrorOptions,
  ) {
    super(`foreign key ${constraint} violated`, { ...options, internal: `foreign key ${constraint}` });
  }
}

/**
 * PostgreSQL refused a statement for another reason: a check, a trigger, a missing table or right. Holds the SQLSTATE;
 * the server's text only where it can't carry a value, its detail (which prints whole rows) never.
 * @see {@link UniqueViolationError}
 */
export class StatementRefusedError extends DatabaseError {
  override readonly name = "StatementRefusedError";
  override readonly code: AuthErrorCode;
  /** @param internal for the log, without a value; the SQLSTATE alone when left out */
  constructor(
    readonly sqlState: string,
    message: string,
    internal = `statement refused (${sqlState})`,
  ) {
    super(message, { internal });
    this.code = VALUE_REFUSED.test(sqlState) ? "internal.error" : "database.unavailable";
  }
}
