import { databaseUrlFault } from "../connect/database-url-fault.ts";
import { connectionCause, type Target } from "./connection-causes.ts";

/**
 * Why a connection to PostgreSQL failed, and what to do about it.
 * @param error what `pg` threw
 * @param url the `DATABASE_URL` that was used; shown are its host, port, user and database, never the password
 * @param variable what gave the URL
 * @returns one sentence
 * @see {@link diagnoseDatabase}
 */
export function describeConnectionFailure(error: unknown, url: string, variable = "DATABASE_URL"): string {
  const fault = databaseUrlFault(url, variable);
  if (fault) return fault;
  const { cause, code } = connectionCause(error);
  const text = cause.sentence(targetOf(url), code ?? "no code");
  return text.replaceAll("DATABASE_URL", variable);
}

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
