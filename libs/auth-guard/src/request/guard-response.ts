import { randomUUID } from "node:crypto";
import { requestContext } from "@libs/observability/request-context";
import { databaseProblem } from "@libs/postgres";
import { isAuthError, type PublicError, problemResponse } from "@libs/problems";

/** A refusal's body (RFC 9457). */
export interface GuardProblem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  requestId: string;
}

/** @returns what a caller may learn of an error; undefined for one that is neither the guard's nor the database's */
export function publicError(error: unknown): PublicError | undefined {
  return isAuthError(error) ? error : databaseProblem(error);
}

/** The answer to a guard's error, with its challenge. */
export function guardResponse(error: PublicError): Response {
  return problemResponse(error, requestContext.get()?.requestId ?? randomUUID());
}
