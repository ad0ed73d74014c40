import { databaseUrlFault } from "./database-url-fault.ts";

/**
 * What a `DATABASE_URL` that changes while the process runs must not be. User and password may change; with another server
 * or database old and new connections of one pool would write to two places.
 * @param url the new one
 * @param before the URL that counts; undefined: none yet
 * @returns what is wrong, without a value; undefined: nothing
 * @example
 * ```ts
 * import { secretFromEnvironment } from "@libs/observability/secrets";
 * import { staysAtDatabase } from "@libs/postgres";
 *
 * export const url = secretFromEnvironment("DATABASE_URL", process.env, { check: staysAtDatabase });
 * ```
 */
export function staysAtDatabase(url: string, before?: string): string | undefined {
  const fault = databaseUrlFault(url);
  if (fault || before === undefined) return fault;
  return place(url) === place(before) ? undefined : "it names another server or database: restart to use that";
}

function place(url: string): string {
  const { hostname, port, pathname, searchParams } = new URL(url);
  const { host, port: otherPort, dbname, schema, options } = Object.fromEntries(searchParams);
  return JSON.stringify([hostname, port || "5432", pathname, host, otherPort, dbname, schema, options]);
}
