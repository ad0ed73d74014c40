import { databaseUrlFault } from "./database-url-fault.ts";

/** The parts of a URL that may be shown. */
interface Target {
  host: string;
  /** `host:port`, or the folder of the socket. */
  at: string;
  user: string;
  database: string;
}

type Sentence = (target: Target, code: string) => string;

/**
 * Why a connection to PostgreSQL failed, and what to do about it.
 * @param error what `pg` threw
 * @param url the `DATABASE_URL` that was used; shown are its host, port, user and database, never the password
 * @param variable what gave the URL
 * @returns one sentence
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function describeConnectionFailure(error: unknown, url: string, variable = "DATABASE_URL"): string {
  const fault = databaseUrlFault(url, variable);
  if (fault) return fault;
  const { code: given, message: said } = (error ?? {}) as { code?: unknown; message?: unknown };
  const code = typeof given === "string" ? given : "";
  const message = typeof said === "string" ? said : "";
  const sentence = BY_MESSAGE.find(([, pattern, state]) => pattern.test(message) && (state ?? code) === code)?.[0];
  const text = (sentence ?? BY_CODE[code] ?? OTHER)(targetOf(url), code || "no code");
  return text.replaceAll("DATABASE_URL", variable);
}

const refusesPassword: Sentence = ({ at, user }) =>
  `PostgreSQL at ${at} refuses user "${user}" or its password: correct both in DATABASE_URL.`;
const noDatabase: Sentence = ({ at, database }) =>
  `PostgreSQL at ${at} has no database "${database}": create it (CREATE DATABASE), or correct the name in DATABASE_URL.`;
const unknownHost: Sentence = ({ host }) =>
  `The host "${host}" of DATABASE_URL is unknown: correct its name, or the DNS.`;
const noAnswer: Sentence = ({ at }) =>
  `PostgreSQL at ${at} does not answer in time: correct host and port in DATABASE_URL, or see that no firewall is between.`;
const otherServer: Sentence = ({ at }) =>
  `What answers at ${at} is no PostgreSQL, or ended the connection: correct host and port in DATABASE_URL.`;
const unreachable: Sentence = ({ at }, code) =>
  `No network leads to PostgreSQL at ${at} (${code}): correct host and port in DATABASE_URL, or the network.`;
const certificate: Sentence = ({ at }, code) =>
  `The certificate of PostgreSQL at ${at} is not trusted (${code}): name its CA in DATABASE_URL (sslrootcert=/path/ca.pem), and the host as the certificate does; sslmode=require encrypts without this check.`;
const busy: Sentence = ({ at }) =>
  `PostgreSQL at ${at} has no connection left for this user: raise max_connections or the user's limit, or close others.`;
const closed: Sentence = ({ at, database }) =>
  `PostgreSQL at ${at} lets nobody connect to "${database}": it is a template or being changed.`;
const mayNot: Sentence = ({ at, user, database }) =>
  `PostgreSQL at ${at} gives user "${user}" no right to do this in database "${database}": GRANT it (CONNECT on the database, CREATE on it and on its schema), or name the owner in DATABASE_URL.`;
const OTHER: Sentence = ({ at }, code) => `PostgreSQL at ${at} can't be reached or refuses the connection (${code}).`;

const BY_CODE: Record<string, Sentence> = {
  "28P01": refusesPassword,
  "28000": ({ at, user, database }) =>
    `PostgreSQL at ${at} does not let user "${user}" connect to database "${database}" from here: allow it in pg_hba.conf, and the role to log in.`,
  "3D000": noDatabase,
  "42501": mayNot,
  "53300": busy,
  "55000": closed,
  "57P03": ({ at }) => `PostgreSQL at ${at} is starting or stopping: try again in a moment.`,
  "25006": ({ at }) => `PostgreSQL at ${at} only reads: point DATABASE_URL at the primary.`,
  ECONNREFUSED: ({ at }) =>
    `Nothing listens at ${at}: start PostgreSQL there, or correct host and port in DATABASE_URL.`,
  ENOENT: ({ at }) => `PostgreSQL has no socket in ${at}: start it, or correct the folder in DATABASE_URL.`,
  EACCES: ({ at }) => `The socket of PostgreSQL in ${at} may not be opened by this user.`,
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost,
  ETIMEDOUT: noAnswer,
  ECONNRESET: otherServer,
  EPIPE: otherServer,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  DEPTH_ZERO_SELF_SIGNED_CERT: certificate,
  SELF_SIGNED_CERT_IN_CHAIN: certificate,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: certificate,
  UNABLE_TO_GET_ISSUER_CERT: certificate,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: certificate,
  "3F000": ({ at, database }) =>
    `There is no schema to use in database "${database}" of PostgreSQL at ${at}: create the one that schema or search_path in DATABASE_URL names.`,
  CERT_HAS_EXPIRED: certificate,
  CERT_NOT_YET_VALID: certificate,
  ERR_TLS_CERT_ALTNAME_INVALID: certificate,
};

/** What has no code of its own, in the driver or behind a pooler. The third part: only with this code. */
const BY_MESSAGE: readonly [Sentence, RegExp, string?][] = [
  [
    ({ at }) =>
      `PostgreSQL at ${at} demands TLS: set sslmode=verify-full in DATABASE_URL (sslmode=require trusts any certificate).`,
    /no encryption|SSL required|SSL off/i,
  ],
  [
    ({ at }) =>
      `PostgreSQL at ${at} does not speak TLS, and sslmode in DATABASE_URL demands it: switch TLS on there, or set sslmode=prefer.`,
    /server does not support SSL/i,
  ],
  [
    ({ at }) => `PostgreSQL at ${at} asks for a password, and DATABASE_URL has none.`,
    /password must be a (non-empty )?string|no password supplied/i,
  ],
  [refusesPassword, /authentication failed|no such user/i, "08P01"],
  [noDatabase, /no such database/i, "08P01"],
  [noAnswer, /^(timeout expired|Connection terminated due to connection timeout|Query read timeout)/],
  [
    otherServer,
    /^(Connection terminated unexpectedly|Received unexpected|received invalid response|There was an error establishing an SSL)/,
  ],
];

function targetOf(url: string): Target {
  const { hostname, port, username, pathname, searchParams } = new URL(url);
  const user = decoded(username) || searchParams.get("user") || "(the system's)";
  const host = decoded(hostname) || searchParams.get("host") || "localhost";
  const at = host.startsWith("/") ? host : `${host}:${port || searchParams.get("port") || "5432"}`;
  return { host, at, user, database: decoded(pathname.slice(1)) || user };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
