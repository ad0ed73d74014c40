import { LibraryError } from "@libs/problems";

/**
 * Why there is no connection, by what an operator has to mend.
 * @see {@link ConnectionFailure}
 */
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

/** The parts of a URL that may be shown. */
export interface Target {
  host: string;
  /** `host:port`, or the folder of the socket. */
  at: string;
  user: string;
  database: string;
}

/** One reason for which a connection fails. */
export interface ConnectionCause {
  kind: ConnectionFailureKind;
  /** SQLSTATEs and the system's codes. Left out: whatever the code is. */
  code?: RegExp;
  /** What the driver or the server says, where no code of its own says it. */
  message?: RegExp;
  /** What TLS fails by, in words of our own, where the code does not say it. */
  reason?: string;
  /** What is wrong and what to do, naming the variable as `DATABASE_URL`. */
  sentence(target: Target, code: string): string;
}

const refusesPassword: ConnectionCause["sentence"] = ({ at, user }) =>
  `PostgreSQL at ${at} refuses user "${user}" or its password: correct both in DATABASE_URL.`;
const noDatabase: ConnectionCause["sentence"] = ({ at, database }) =>
  `PostgreSQL at ${at} has no database "${database}": create it (CREATE DATABASE), or correct the name in DATABASE_URL.`;
const noAnswer: ConnectionCause["sentence"] = ({ at }) =>
  `PostgreSQL at ${at} does not answer in time: correct host and port in DATABASE_URL, or check that no firewall is in between.`;
const otherServer: ConnectionCause["sentence"] = ({ at }) =>
  `What answers at ${at} is not PostgreSQL, or it ended the connection: correct host and port in DATABASE_URL.`;
const other: ConnectionCause["sentence"] = ({ at }, code) =>
  `PostgreSQL at ${at} can't be reached or refuses the connection (${code}).`;

/** No code came with it. */
const NONE = /^$/;

/**
 * The one table of causes; the first that fits counts.
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const CAUSES: readonly ConnectionCause[] = [
  {
    kind: "tls",
    message: /no encryption|SSL required|SSL off/i,
    reason: "the server demands TLS, and sslmode forbids it",
    sentence: ({ at }) =>
      `PostgreSQL at ${at} demands TLS: set sslmode=verify-full in DATABASE_URL (sslmode=require trusts any certificate).`,
  },
  {
    kind: "tls",
    message: /^The server does not support SSL/i,
    reason: "the server offers no TLS, and sslmode demands it",
    sentence: ({ at }) =>
      `PostgreSQL at ${at} does not speak TLS, and sslmode in DATABASE_URL demands it: switch TLS on there, or set sslmode=prefer.`,
  },
  {
    kind: "tls",
    message: /^There was an error establishing an SSL/i,
    reason: "the server refuses to begin TLS",
    sentence: otherServer,
  },
  {
    kind: "wrong_password",
    message: /password must be a (non-empty )?string|no password supplied/i,
    sentence: ({ at }) => `PostgreSQL at ${at} asks for a password, and DATABASE_URL has none.`,
  },
  // Poolers give every refusal this code.
  {
    kind: "wrong_password",
    code: /^08P01$/,
    message: /authentication failed|no such user/i,
    sentence: refusesPassword,
  },
  {
    kind: "unknown_database",
    code: /^08P01$/,
    message: /no such database|database .* does not exist/i,
    sentence: noDatabase,
  },
  {
    kind: "unreachable",
    message: /^(timeout expired|Connection terminated due to connection timeout|Query read timeout)/,
    sentence: noAnswer,
  },
  {
    kind: "not_postgres",
    message: /^(received (invalid response|unexpected)|Unknown authenticationOk|unexpected message)/i,
    sentence: otherServer,
  },
  // It may be a PostgreSQL that stops: not said for sure.
  { kind: "unreachable", message: /^Connection terminated unexpectedly/, sentence: otherServer },
  { kind: "unreachable", code: /^(ECONNRESET|EPIPE)$/, sentence: otherServer },
  { kind: "wrong_password", code: NONE, message: /SASL|password/i, sentence: refusesPassword },
  { kind: "wrong_password", code: /^28P01$/, sentence: refusesPassword },
  {
    kind: "refused",
    code: /^28/,
    sentence: ({ at, user, database }) =>
      `PostgreSQL at ${at} does not let user "${user}" connect to database "${database}" from here: allow it in pg_hba.conf, and the role to log in.`,
  },
  { kind: "unknown_database", code: /^3D000$/, sentence: noDatabase },
  {
    kind: "refused",
    code: /^42501$/,
    sentence: ({ at, user, database }) =>
      `PostgreSQL at ${at} gives user "${user}" no right to do this in database "${database}": GRANT it (CONNECT on the database, CREATE on it and on its schema), or name the owner in DATABASE_URL.`,
  },
  {
    kind: "too_many_connections",
    code: /^53300$/,
    sentence: ({ at }) =>
      `PostgreSQL at ${at} has no connection left for this user: raise max_connections or the user's limit, or close others.`,
  },
  {
    kind: "refused",
    code: /^55000$/,
    sentence: ({ at, database }) =>
      `PostgreSQL at ${at} lets nobody connect to "${database}": it is a template or being changed.`,
  },
  {
    kind: "starting",
    code: /^57P0[1-3]$/,
    sentence: ({ at }) => `PostgreSQL at ${at} is starting or stopping: try again in a moment.`,
  },
  {
    kind: "unreachable",
    code: /^25006$/,
    sentence: ({ at }) => `PostgreSQL at ${at} is read-only: point DATABASE_URL at the primary.`,
  },
  {
    kind: "unreachable",
    code: /^3F000$/,
    sentence: ({ at, database }) =>
      `There is no schema to use in database "${database}" of PostgreSQL at ${at}: create the one that schema or search_path in DATABASE_URL names.`,
  },
  {
    kind: "unreachable",
    code: /^ECONNREFUSED$/,
    sentence: ({ at }) => `Nothing listens at ${at}: start PostgreSQL there, or correct host and port in DATABASE_URL.`,
  },
  {
    kind: "unreachable",
    code: /^ENOENT$/,
    sentence: ({ at }) => `PostgreSQL has no socket in ${at}: start it, or correct the folder in DATABASE_URL.`,
  },
  {
    kind: "unreachable",
    code: /^EACCES$/,
    sentence: ({ at }) => `The socket of PostgreSQL in ${at} may not be opened by this user.`,
  },
  {
    kind: "unreachable",
    code: /^(ENOTFOUND|EAI_AGAIN)$/,
    sentence: ({ host }) => `The host "${host}" of DATABASE_URL is unknown: correct its name, or the DNS.`,
  },
  { kind: "unreachable", code: /^ETIMEDOUT$/, sentence: noAnswer },
  {
    kind: "unreachable",
    code: /^(EHOSTUNREACH|ENETUNREACH)$/,
    sentence: ({ at }, code) =>
      `There is no route to PostgreSQL at ${at} (${code}): correct host and port in DATABASE_URL, or the network.`,
  },
  {
    kind: "tls",
    code: /^(CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT_)/,
    sentence: ({ at }, code) =>
      `The certificate of PostgreSQL at ${at} is not trusted (${code}): name its CA in DATABASE_URL (sslrootcert=/path/ca.pem), and the host as the certificate does; sslmode=require encrypts without this check.`,
  },
  { kind: "tls", code: /^(ERR_TLS|ERR_SSL|EPROTO)/, sentence: other },
];

const UNKNOWN: ConnectionCause = { kind: "unreachable", sentence: other };

/**
 * @param error what pg's client rejected `connect` with
 * @returns the cause, and the SQLSTATE or the system's code; null: none came with it
 */
export function connectionCause(error: unknown): { cause: ConnectionCause; code: string | null } {
  const { code: given, message: said } = (error ?? {}) as { code?: unknown; message?: unknown };
  // An error of ours, such as of a URL that can't be used, has a code that says nothing of the connection.
  const code = typeof given === "string" && given !== "" && !(error instanceof LibraryError) ? given : null;
  const message = typeof said === "string" ? said : "";
  const fits = (cause: ConnectionCause) =>
    (cause.code?.test(code ?? "") ?? true) && (cause.message?.test(message) ?? true);
  return { cause: CAUSES.find(fits) ?? UNKNOWN, code };
}
