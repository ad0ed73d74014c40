import { randomUUID } from "node:crypto";
import { requestContext } from "@libs/observability/request-context";
import { databaseProblem } from "@libs/postgres";
import { type AuthError, isAuthError } from "@libs/problems";

/** A refusal's body (RFC 9457). */
export interface GuardProblem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  requestId: string;
}

type PublicError = AuthError | NonNullable<ReturnType<typeof databaseProblem>>;

/** @returns what a caller may learn of an error; undefined for one that is neither the guard's nor the database's */
export function publicError(error: unknown): PublicError | undefined {
  return isAuthError(error) ? error : databaseProblem(error);
}

/** The answer to a guard's error, with its challenge. */
export function problemResponse(error: PublicError): Response {
  const { status, title, hint, retryAfterSeconds } = error.entry;
  const { code } = error;
  const requestId = requestContext.get()?.requestId ?? randomUUID();
  const problem: GuardProblem = { type: `urn:problem-type:${code}`, title, status, code, detail: hint, requestId };
  const headers = new Headers({ "content-type": "application/problem+json" });
  if (retryAfterSeconds !== undefined) headers.set("retry-after", String(retryAfterSeconds));
  if ("headers" in error) for (const [name, value] of Object.entries(error.headers as object)) headers.set(name, value);
  return new Response(JSON.stringify(problem), { status, headers });
}
