import { DatabaseError, DatabaseTimeoutError, UnfinishedRegistrationError } from "@libs/database";
import { AuthError, isAuthError } from "../../errors/index.ts";

/** Any failure of a flow's step as an {@link AuthError}: a database's as `database.*`, the unforeseen as `internal.error`. */
export function toAuthError(error: unknown): AuthError {
  if (isAuthError(error)) return error;
  if (error instanceof UnfinishedRegistrationError) return new AuthError("registration.recovering", { cause: error });
  if (error instanceof DatabaseTimeoutError) return new AuthError("database.timeout", { cause: error });
  if (error instanceof DatabaseError) return new AuthError("database.unavailable", { cause: error });
  return new AuthError("internal.error", { cause: error });
}

/** Runs a step of a flow; whatever it throws leaves as an {@link AuthError}. */
export async function authErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toAuthError(error);
  }
}
