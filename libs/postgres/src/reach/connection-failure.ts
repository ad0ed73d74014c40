import { type CatalogueEntry, LibraryError, libraryCatalogue } from "@libs/problems";
import { type ConnectionFailureKind, connectionCause } from "./connection-causes.ts";

export type { ConnectionFailureKind };

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

/** There is no connection. The message holds no credentials. */
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
