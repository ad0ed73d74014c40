import { backOffMs } from "@libs/observability";
import { BulkError } from "../../services/bulk/bulk-error.ts";
import { toAuthError } from "../../services/shared/database-failure.ts";

const PAUSES = { firstMs: 1_000, mostMs: 15_000 };

/** Before another try: 1 s, 2 s, 4 s … 15 s, in milliseconds. @param failures in a row */
export function retryAfterMs(failures: number): number {
  return backOffMs(failures - 1, PAUSES);
}

/** The stable code of a step's failure: of an outage that was waited for, that of the outage. */
export function failureCode(error: unknown): string {
  if (error instanceof BulkError) return error.code === "bulk.outage" ? failureCode(error.cause) : error.code;
  return toAuthError(error).code;
}
