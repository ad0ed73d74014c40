/** The level that a transaction runs at, or a conflict with what a standby replays, has undone it. */
export const SERIALIZATION_FAILURE = "40001";

const CONFLICTS = new Set([SERIALIZATION_FAILURE, "40P01"]);

/** It only reads; it was shut down by its administrator, has crashed, or does not take connections. */
const SERVER_GONE = new Set(["25006", "57P01", "57P02", "57P03"]);

/**
 * Reads an error's SQLSTATE.
 * @param error whatever was thrown
 * @returns what PostgreSQL gave; undefined: the error is not PostgreSQL's
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 * @example
 * ```ts
 * import { sqlState } from "@libs/postgres";
 *
 * export const isUniqueViolation = (error: unknown) => sqlState(error) === "23505";
 * ```
 */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}

/** Whether the transaction was undone for the sake of another: nothing was written. */
export const isConflict = (error: unknown): boolean => CONFLICTS.has(sqlState(error) ?? "");

/** Whether the server can't serve writes now, while another may behind the same address. */
export const isServerGone = (error: unknown): boolean => SERVER_GONE.has(sqlState(error) ?? "");
