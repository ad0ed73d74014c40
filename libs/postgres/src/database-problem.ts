import { AuthError } from "@libs/problems";
import { DatabaseError } from "./errors.ts";

/**
 * What a caller may learn of a database's error: its own `code`, with the error as the cause.
 * @param error what {@link mapDatabaseError} returned
 * @returns undefined: the error is none of the database's
 * @see {@link mapDatabaseError}
 */
export function databaseProblem(error: unknown): AuthError | undefined {
  return error instanceof DatabaseError ? new AuthError(error.code, { cause: error }) : undefined;
}
