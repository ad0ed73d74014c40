import { randomUUID } from "node:crypto";
import { requestContext } from "@libs/observability/request-context";
import { databaseProblem } from "@libs/postgres";
import { isAuthError, problemResponse } from "@libs/problems";
import { ParseError } from "elysia";

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
export interface GuardProblem {
  type: string;
  title: string;
  /** HTTP status, as the response has it. */
  status: number;
  code: string;
  detail: string;
  requestId: string;
}

/**
 * The answer to a guard's error, for services without problem details of their own.
 * @param own the errors that the guard threw; others are left to the service
 */
export function guardProblem(error: unknown, own: WeakSet<object>): Response | undefined {
  const thrown = error instanceof ParseError ? error.cause : error;
  if (typeof thrown !== "object" || thrown === null || !own.has(thrown)) return undefined;
  const known = isAuthError(thrown) ? thrown : databaseProblem(thrown);
  if (!known) return undefined;
  return problemResponse(known, requestContext.get()?.requestId ?? randomUUID());
}
