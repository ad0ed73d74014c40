import { AuthError } from "@libs/problems";
import {
  DatabaseError,
  DatabaseTimeoutError,
  ForeignKeyViolationError,
  StatementRefusedError,
  UnfinishedRegistrationError,
} from "./errors.ts";

/** Classes of SQLSTATE about what was to be written: data exceptions, broken constraints. The same call fails again. */
const VALUE_REFUSED = /^2[23]/;

/**
 * What a caller may learn of a database's error: the one reading of it.
 * @param error what {@link mapDatabaseError} returned
 * @returns `database.timeout` and `database.unavailable` are worth a retry, as are a table or a right that is missing until
 *   the migration is through, and a name that another transaction holds; a value that is refused is a fault of ours
 *   (`internal.error`); undefined: the error is none of the database's
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 * @see {@link mapDatabaseError}
 */
export function databaseProblem(error: unknown): AuthError | undefined {
  if (!(error instanceof DatabaseError)) return undefined;
  if (error instanceof UnfinishedRegistrationError) return new AuthError("registration.recovering", { cause: error });
  if (error instanceof DatabaseTimeoutError) return new AuthError("database.timeout", { cause: error });
  return new AuthError(isOurs(error) ? "internal.error" : "database.unavailable", { cause: error });
}

const isOurs = (error: DatabaseError): boolean =>
  error instanceof ForeignKeyViolationError ||
  (error instanceof StatementRefusedError && VALUE_REFUSED.test(error.sqlState));
