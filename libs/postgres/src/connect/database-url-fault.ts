import { readDatabaseTarget } from "./database-target.ts";

const FORM = "postgresql://user:password@host:5432/database";

/**
 * What is wrong with a `DATABASE_URL` before anything is connected.
 * @param url the setting
 * @param variable what gave it
 * @returns one sentence with what to do, without any part of the value; undefined when nothing is
 * @example
 * ```ts
 * import { databaseUrlFault } from "@libs/postgres";
 *
 * const fault = databaseUrlFault(process.env.DATABASE_URL ?? "");
 * if (fault !== undefined) throw new Error(fault);
 * ```
 */
export function databaseUrlFault(url: string, variable = "DATABASE_URL"): string | undefined {
  if (/^jdbc:/i.test(url)) return `${variable} is a JDBC URL, which names no user: expected ${FORM}.`;
  if (!URL.canParse(url)) {
    return /^postgres(ql)?:\/\//.test(url)
      ? `${variable} can't be read: in a user or a password, each of : / ? # [ ] @ % is written as %XX (%40 for @); a port is at most 65535.`
      : `${variable} is not a URL: expected ${FORM}.`;
  }
  const { protocol } = new URL(url);
  if (/^postgres(ql)?:$/.test(protocol)) return parameterFault(url, variable);
  const name = DATABASES.get(protocol) ?? "another kind of server";
  return `${variable} names ${name}, and the gateway needs PostgreSQL: expected ${FORM}.`;
}

function parameterFault(url: string, variable: string): string | undefined {
  try {
    readDatabaseTarget(url);
    return undefined;
  } catch (error) {
    return `${variable} ${(error as Error).message}.`;
  }
}

const DATABASES: ReadonlyMap<string, string> = new Map([
  ["mysql:", "MySQL"],
  ["mariadb:", "MariaDB"],
  ["mongodb:", "MongoDB"],
  ["mongodb+srv:", "MongoDB"],
  ["sqlserver:", "SQL Server"],
  ["mssql:", "SQL Server"],
  ["sqlite:", "SQLite"],
  ["file:", "a file"],
  ["http:", "a web server"],
  ["https:", "a web server"],
]);
