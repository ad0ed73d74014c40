import { AuthError } from "@libs/problems";
import {
  DatabaseError,
  DatabaseTimeoutError,
  DatabaseUnavailableError,
  UnfinishedRegistrationError,
} from "./errors.ts";

/**
 * What a caller may learn of a database's error: the one reading of it.
 * @returns `database.timeout` and `database.unavailable` are worth a retry; a statement that was refused is a fault of
 *   ours (`internal.error`); undefined: the error is none of the database's
 */
export function databaseProblem(error: unknown): AuthError | undefined {
  if (!(error instanceof DatabaseError)) return undefined;
  if (error instanceof UnfinishedRegistrationError) return new AuthError("registration.recovering", { cause: error });
  if (error instanceof DatabaseTimeoutError) return new AuthError("database.timeout", { cause: error });
  if (error instanceof DatabaseUnavailableError) return new AuthError("database.unavailable", { cause: error });
  return new AuthError("internal.error", { cause: error });
}
