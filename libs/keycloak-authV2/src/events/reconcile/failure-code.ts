import { BulkError } from "../../services/bulk/bulk-error.ts";
import { toAuthError } from "../../services/shared/database-failure.ts";

const FIRST_MS = 1_000;
const MOST_MS = 15_000;

/** Before another try: 1 s, 2 s, 4 s … 15 s, in milliseconds. @param failures in a row */
export function retryAfterMs(failures: number): number {
  return Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
}

/** The stable code of a step's failure: of an outage that was waited for, that of the outage. */
export function failureCode(error: unknown): string {
  if (error instanceof BulkError) return error.code === "bulk.outage" ? failureCode(error.cause) : error.code;
  return toAuthError(error).code;
}
