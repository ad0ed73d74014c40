/** Why there is no connection, by what an operator has to mend. */
export type ConnectionFailureKind =
  /** Nothing answers, or not in time. */
  | "unreachable"
  /** What answers is no PostgreSQL. */
  | "not_postgres"
  | "unknown_database"
  | "wrong_password"
  /** The account is unknown, or is not let in from here. */
  | "refused"
  /** One side wants TLS and the other has none, or the certificate is not trusted. */
  | "tls"
  | "too_many_connections"
  /** It starts, stops or recovers. */
  | "starting";

export interface ConnectionFailure {
  kind: ConnectionFailureKind;
  /** SQLSTATE or the system's code; null: neither is known. Never a value. */
  code: string | null;
  /** What TLS fails by, in words of our own; null where the code says it, or nobody knows. */
  reason: string | null;
}

const BY_STATE: Record<string, ConnectionFailureKind> = {
  "3D000": "unknown_database",
  "28P01": "wrong_password",
  "28000": "refused",
  "42501": "refused",
  "53300": "too_many_connections",
  "57P01": "starting",
  "57P02": "starting",
  "57P03": "starting",
};

/** pg's own texts: no code comes with them. */
const BY_TEXT: [RegExp, ConnectionFailureKind][] = [
  [/client password must be a (non-empty )?string|SASL|password/i, "wrong_password"],
  [/^(received invalid response|Unknown authenticationOk|unexpected message)/i, "not_postgres"],
];

/** What pg and servers say of TLS without a code of its own. */
const TLS_REASONS: [RegExp, string][] = [
  [/^The server does not support SSL/i, "the server offers no TLS, and sslmode demands it"],
  [/^There was an error establishing an SSL/i, "the server refuses to begin TLS"],
  [/no encryption|SSL required|SSL off/i, "the server demands TLS, and sslmode forbids it"],
];

/** @param error what pg's client rejected `connect` with */
export function connectionFailure(error: unknown): ConnectionFailure {
  const { code, message = "" } = (error ?? {}) as { code?: unknown; message?: string };
  const known = typeof code === "string" ? code : null;
  const reason = TLS_REASONS.find(([pattern]) => pattern.test(message))?.[1] ?? null;
  if (reason !== null) return { kind: "tls", code: known, reason };
  if (known !== null && BY_STATE[known]) return { kind: BY_STATE[known], code: known, reason };
  if (known !== null && /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO_|EPROTO)/.test(known))
    return { kind: "tls", code: known, reason };
  if (known === "28" || known?.startsWith("28")) return { kind: "refused", code: known, reason };
  const text = known === null ? BY_TEXT.find(([pattern]) => pattern.test(message)) : undefined;
  return { kind: text?.[1] ?? "unreachable", code: known, reason };
}

/** There is no connection. The message holds no credentials. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly causeKnown = true;

  constructor(readonly failure: ConnectionFailure) {
    super(`no connection to PostgreSQL: ${failure.kind} (${failure.reason ?? failure.code ?? "no code"})`);
  }
}
