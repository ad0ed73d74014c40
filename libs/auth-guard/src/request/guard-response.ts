import { randomUUID } from "node:crypto";
import { requestContext } from "@libs/observability/request-context";
import { databaseProblem } from "@libs/postgres";
import { isAuthError, type ProblemBody, type PublicError, problemResponse } from "@libs/problems";

/**
 * A refusal's body (RFC 9457).
 * @example
 * ```ts
 * import type { GuardProblem } from "@libs/auth-guard";
 *
 * const answer = await fetch("http://localhost:3000/me");
 * if (answer.status === 401) {
 *   const { code, detail, requestId } = (await answer.json()) as GuardProblem;
 *   console.warn(code, detail, requestId); // "token.missing"
 * }
 * ```
 */
export type GuardProblem = Omit<ProblemBody, "errors" | "actionUrl">;

/** @returns what a caller may learn of an error; undefined for one that is neither the guard's nor the database's */
export function publicError(error: unknown): PublicError | undefined {
  return isAuthError(error) ? error : databaseProblem(error);
}

/** The answer to a guard's error, with its challenge. */
export function guardResponse(error: PublicError): Response {
  return problemResponse(error, requestContext.get()?.requestId ?? randomUUID());
}
