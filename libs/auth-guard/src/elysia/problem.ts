import { ParseError } from "elysia";
import { guardResponse, publicError } from "../request/guard-response.ts";

/**
 * The answer to a guard's error, for services without problem details of their own.
 * @param own the errors that the guard threw; others are left to the service
 */
export function guardProblem(error: unknown, own: WeakSet<object>): Response | undefined {
  const thrown = error instanceof ParseError ? error.cause : error;
  if (typeof thrown !== "object" || thrown === null || !own.has(thrown)) return undefined;
  const known = publicError(thrown);
  return known && guardResponse(known);
}
