import { databaseUrlFault } from "../connect/database-url-fault.ts";
import { detectPooling } from "../connect/detect-pooling.ts";

const TIMEOUT_MS = 2_000;

/**
 * The URL that serves LISTEN, background work and migrations, and the variable that gave it.
 * @see {@link directUrlOf}
 */
export interface DirectUrl {
  url: string;
  variable: "DATABASE_URL" | "DATABASE_DIRECT_URL";
}

/**
 * Which URL serves LISTEN, background work and migrations: `DATABASE_DIRECT_URL`, else `DATABASE_URL`.
 * @param given both variables
 * @example
 * ```ts
 * import { type DirectUrl, directUrlFault, directUrlOf } from "@libs/postgres";
 *
 * const direct: DirectUrl = directUrlOf({ DATABASE_URL: "postgresql://app:secret@db.internal/app" });
 * const fault = await directUrlFault(direct, 3000);
 * if (fault !== undefined) throw new Error(fault);
 * ```
 */
export function directUrlOf(given: { DATABASE_URL: string; DATABASE_DIRECT_URL?: string | undefined }): DirectUrl {
  const { DATABASE_URL, DATABASE_DIRECT_URL } = given;
  return DATABASE_DIRECT_URL
    ? { url: DATABASE_DIRECT_URL, variable: "DATABASE_DIRECT_URL" }
    : { url: DATABASE_URL, variable: "DATABASE_URL" };
}

/**
 * Whether a URL can't serve what needs a session, because a pooler in transaction mode answers there. A migration's lock
 * that is taken through one is never given back, and a LISTEN hears nothing.
 * @param direct what {@link directUrlOf} returned
 * @param timeoutMs milliseconds for each connection and statement
 * @returns one sentence with what to do; undefined when that is not so, or nobody answers: others report that
 * @see {@link directUrlOf}
 */
export async function directUrlFault(
  { url, variable }: DirectUrl,
  timeoutMs = TIMEOUT_MS,
): Promise<string | undefined> {
  if (databaseUrlFault(url, variable)) return undefined;
  const pooling = await detectPooling(url, timeoutMs).catch(() => "unknown");
  return pooling === "transaction" ? pooledSentence(variable) : undefined;
}

const pooledSentence = (variable: DirectUrl["variable"]): string =>
  `${variable} leads to a pooler in transaction mode, which keeps no session for LISTEN, background work and the lock ` +
  `of a migration: name PostgreSQL itself, or a pooler in session mode, in DATABASE_DIRECT_URL.`;
