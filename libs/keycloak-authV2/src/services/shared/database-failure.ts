import { databaseProblem } from "@libs/postgres";
import { AuthError, isAuthError } from "@libs/problems";

/** Any failure of a flow's step as an {@link AuthError}: a database's as `database.*`, the unforeseen as `internal.error`. */
export function toAuthError(error: unknown): AuthError {
  if (isAuthError(error)) return error;
  return databaseProblem(error) ?? new AuthError("internal.error", { cause: error });
}

/** Runs a step of a flow; whatever it throws leaves as an {@link AuthError}. */
export async function authErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toAuthError(error);
  }
}
