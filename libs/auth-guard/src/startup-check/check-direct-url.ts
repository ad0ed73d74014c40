import { databaseUrlFault } from "@libs/postgres";
import { ConnectionError, inspectDirect } from "@libs/postgres/schema-check";
import { type Finding, finding } from "@libs/problems/findings";
import { QUICK_TIMEOUT_MS, type QuickOptions } from "./quick-options.ts";

/**
 * Whether what serves LISTEN and background work keeps a session, and leads to the database of `databaseUrl`. What is wrong
 * with a single URL is found elsewhere.
 * @param options both URLs; times in milliseconds
 * @throws what is no failure to connect
 * @example
 * ```ts
 * import { checkDirectUrl, type QuickOptions } from "@libs/auth-guard/startup-check";
 *
 * const options: QuickOptions = {
 *   databaseUrl: "postgresql://app:secret@pooler:6432/app",
 *   databaseDirectUrl: "postgresql://app:secret@db:5432/app",
 * };
 * for (const { code, todo } of await checkDirectUrl(options)) console.warn(code, todo);
 * ```
 */
export async function checkDirectUrl(options: QuickOptions): Promise<Finding[]> {
  const { databaseUrl, timeoutMs = QUICK_TIMEOUT_MS } = options;
  const databaseDirectUrl = options.databaseDirectUrl === databaseUrl ? undefined : options.databaseDirectUrl;
  const url = databaseDirectUrl ?? databaseUrl;
  const fault = databaseUrlFault(url, "");
  if (fault) return databaseDirectUrl ? [finding("database.direct_unusable", fault.trim())] : [];
  try {
    const { pooling, isSame } = await inspectDirect({ url, pooledUrl: databaseDirectUrl && databaseUrl, timeoutMs });
    if (pooling === "transaction") return [finding("database.direct_pooled", variableOf(databaseDirectUrl))];
    return isSame ? [] : [finding("database.direct_elsewhere")];
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    const { kind, code, reason } = error.failure;
    return databaseDirectUrl
      ? [finding("database.direct_unusable", [kind, reason ?? code].filter(Boolean).join(", "))]
      : [];
  }
}

const variableOf = (direct: string | undefined) => (direct ? "DATABASE_DIRECT_URL" : "DATABASE_URL");
