import { SetupError } from "@libs/problems";
import { readServerOptions } from "./server-options.ts";
import { readTlsSettings, type TlsSettings } from "./tls-settings.ts";

/**
 * Settings of PostgreSQL by name, as `set_config` takes them.
 * @see {@link readDatabaseTarget}
 */
export type ServerSettings = Readonly<Record<string, string>>;

/**
 * What a database URL says, in the form that each part is used in.
 * @see {@link readDatabaseTarget}
 */
export interface DatabaseTarget {
  /** The URL without what is sorted out here: for `pg`. */
  connectionString: string;
  tls: TlsSettings;
  /** What the URL sets on the server: `search_path` and the like. Never sent at start-up, where a pooler refuses it. */
  settings: ServerSettings;
  /** Of `?schema=`: the one schema to use. */
  schema: string | undefined;
  /** What `options` has beside settings: only a server that knows it takes it, such as Neon's `endpoint=…`. */
  startupOptions: string | undefined;
}

/** Sorted out here; the rest is `pg`'s. */
const OWN = [
  "ssl",
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "sslpassword",
  "sslnegotiation",
  "uselibpqcompat",
  "ssl_min_protocol_version",
  "ssl_max_protocol_version",
  "channel_binding",
  "schema",
  "options",
  "pgbouncer",
];
/** Parameters that `pg` would send at start-up. */
const TIMEOUTS = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];

/** PostgreSQL cuts a longer name, and would use another schema than was named. */
const LONGEST_NAME = 63;

/**
 * Reads a database URL.
 * @param url of the database
 * @param env for libpq's variables, such as `PGSSLMODE`; this process's own when left out: the one place where this package reads the environment
 * @throws SetupError with what is wrong, as the end of a sentence that begins with the variable, without the value
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
 * @example
 * ```ts
 * import { type DatabaseTarget, readDatabaseTarget, type ServerSettings } from "@libs/postgres";
 *
 * const url = "postgresql://app:secret@db.internal/app?schema=shop&sslmode=verify-full";
 * const target: DatabaseTarget = readDatabaseTarget(url);
 * const settings: ServerSettings = target.settings;
 * console.log(target.schema, settings.search_path);
 * ```
 */
export function readDatabaseTarget(url: string, env: Record<string, string | undefined> = process.env): DatabaseTarget {
  if (!URL.canParse(url)) throw new SetupError("setup.invalid", "is not a URL");
  const { searchParams: parameters } = new URL(url);
  const tls = readTlsSettings(parameters, env);
  const options = readServerOptions(parameters.get("options") || env["PGOPTIONS"] || "");
  const schema = readSchema(parameters, options?.["search_path"]);
  const timeouts = TIMEOUTS.flatMap((name) => {
    const value = parameters.get(name);
    return value ? [[name, value]] : [];
  });
  return {
    connectionString: withoutParameters(url, [...OWN, ...TIMEOUTS]),
    tls,
    schema,
    settings: {
      ...options,
      ...Object.fromEntries(timeouts),
      // That schema alone: a table that is missing there must not be found in another one.
      ...(schema !== undefined && { search_path: quoted(schema) }),
    },
    startupOptions: options ? undefined : parameters.get("options") || undefined,
  };
}

function readSchema(parameters: URLSearchParams, searchPath: string | undefined): string | undefined {
  const schema = parameters.get("schema")?.trim();
  if (!schema) return undefined;
  if (Buffer.byteLength(schema) > LONGEST_NAME)
    throw new SetupError("setup.invalid", `has a schema of more than ${LONGEST_NAME} bytes`);
  if (searchPath !== undefined && searchPath !== schema && searchPath !== quoted(schema))
    throw new SetupError(
      "setup.invalid",
      "names one schema in schema and others by search_path in options: leave one of them out",
    );
  return schema;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function withoutParameters(url: string, names: readonly string[]): string {
  const { searchParams } = new URL(url);
  // What is not touched stays as it was written.
  if (!names.some((name) => searchParams.has(name))) return url;
  const [before = "", rest = ""] = url.split(/\?(.*)/s);
  const kept = rest.split("&").filter((part) => !names.includes(decodeURIComponent(part.split("=")[0] ?? "")));
  return kept.length > 0 ? `${before}?${kept.join("&")}` : before;
}
