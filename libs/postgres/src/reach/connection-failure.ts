import { type CatalogueEntry, LibraryError, libraryCatalogue } from "@libs/problems";
import { type ConnectionFailureKind, connectionCause } from "./connection-causes.ts";

export type { ConnectionFailureKind };

/**
 * Why there is no connection, for programs.
 * @example
 * ```ts
 * import type { ConnectionFailure, ConnectionFailureKind } from "@libs/postgres/schema-check";
 *
 * const temporary: ConnectionFailureKind[] = ["unreachable", "starting", "too_many_connections"];
 * export const isTemporary = ({ kind }: ConnectionFailure) => temporary.includes(kind);
 * ```
 */
export interface ConnectionFailure {
  kind: ConnectionFailureKind;
  /** SQLSTATE or the system's code; null: neither is known. Never a value. */
  code: string | null;
  /** What TLS fails by, in words of our own; null where the code says it, or nobody knows. */
  reason: string | null;
}

/** @param error what pg's client rejected `connect` with */
export function connectionFailure(error: unknown): ConnectionFailure {
  const { cause, code } = connectionCause(error);
  return { kind: cause.kind, code, reason: cause.reason ?? null };
}

/**
 * There is no connection. The message holds no credentials.
 * @see {@link inspectDirect}
 */
export class ConnectionError extends LibraryError {
  override readonly name = "ConnectionError";
  readonly code = "database.no_connection";
  readonly causeKnown = true;

  constructor(readonly failure: ConnectionFailure) {
    super(`no connection to PostgreSQL: ${failure.kind} (${failure.reason ?? failure.code ?? "no code"})`);
  }

  get entry(): CatalogueEntry {
    return libraryCatalogue[this.code];
  }
}
