import { randomUUID } from "node:crypto";
import type { Logger } from "@libs/observability";
import { DatabaseError, databaseProblem, StatementRefusedError } from "@libs/postgres";
import { AuthError, type FieldError, type PublicError, problemResponse } from "@libs/problems";
import { Elysia, InvalidCookieSignature, NotFoundError, ParseError, ValidationError } from "elysia";
import { isPublicError } from "./problems/service-error.ts";
import { requestInfo } from "./request-info.ts";

/** Turns whatever a request ends with into problem details; comes first, so that Elysia's own bodies never leave. */
export const problemDetails = (
  logger: Logger,
  allowedMethods: (path: string) => string[],
  onOperatorsFault: () => void = () => {},
) =>
  new Elysia({ name: "problem-details" }).onError({ as: "global" }, ({ error, request, path }) => {
    const { requestId } = requestInfo(request);
    if (error instanceof NotFoundError) return missing(requestId, allowedMethods(path));
    const known = toPublicError(error);
    if (known.entry.status >= 500) logFailure(logger, known, error, requestId);
    if (isOperators(known)) onOperatorsFault();
    return problemResponse(known, requestId);
  });

/** What is no fault of anybody's: the caller comes again. */
const PASSING: ReadonlySet<string> = new Set([
  "service.overloaded",
  "service.shutting_down",
  "session.busy",
  "registration.recovering",
]);
/** What repeating does not mend: an operator has to. */
const OPERATORS: ReadonlySet<string> = new Set([
  "keycloak.misconfigured",
  "keycloak.forbidden",
  "token.undecryptable",
  "internal.error",
]);

/** A statement that PostgreSQL refuses is one, too: a table or a right is missing. */
const isOperators = (known: PublicError): boolean =>
  OPERATORS.has(known.code) || (known instanceof Error && known.cause instanceof StatementRefusedError);

/** Every answer of 5xx has its cause in the log. */
function logFailure(logger: Logger, { code }: PublicError, thrown: unknown, requestId: string): void {
  // A guard that runs before the body is read fails inside the parser.
  const error = thrown instanceof ParseError ? thrown.cause : thrown;
  const level = PASSING.has(code) ? "info" : OPERATORS.has(code) ? "error" : "warn";
  const text = code === "internal.error" ? "unexpected error" : "request failed";
  logger[level]({ err: error, code, requestId }, text);
}

function toPublicError(error: unknown): PublicError {
  if (isPublicError(error)) return error;
  const ofDatabase = databaseProblem(error);
  if (ofDatabase) return ofDatabase;
  if (error instanceof ValidationError) {
    // An answer that breaks its own schema is our fault, not the caller's.
    return error.type === "response"
      ? new AuthError("internal.error", { cause: error })
      : new AuthError("input.invalid", { errors: fieldErrors(error) });
  }
  if (error instanceof ParseError) {
    // A guard runs before the body is read, and may need the database.
    const { cause } = error;
    return isPublicError(cause) || cause instanceof DatabaseError
      ? toPublicError(cause)
      : new AuthError("input.malformed");
  }
  if (error instanceof InvalidCookieSignature) return new AuthError("input.malformed");
  return new AuthError("internal.error", { cause: error });
}

/** Path and rule of each fault. Elysia's own entries carry the submitted value as well: those two fields alone are taken. */
function fieldErrors(error: ValidationError): FieldError[] {
  const faults = error.all as { path?: string; message?: string }[];
  return faults.slice(0, 20).map(({ path, message }) => ({
    path: path === "root" ? "" : (path ?? "").replace(/^\//, ""),
    message: message ?? "is not valid",
  }));
}

/** The answer to whatever escaped every handler: the server's own page would show the error. */
export function lastResort(logger: Logger): (error: Error) => Response {
  return (error) => {
    const requestId = randomUUID();
    logger.error({ err: error, requestId }, "error outside of any handler");
    return problemResponse(new AuthError("internal.error"), requestId, { "x-request-id": requestId });
  };
}

function missing(requestId: string, methods: string[]): Response {
  return methods.length > 0
    ? problemResponse(new AuthError("request.method_not_allowed"), requestId, { allow: methods.join(", ") })
    : problemResponse(new AuthError("request.not_found"), requestId);
}
