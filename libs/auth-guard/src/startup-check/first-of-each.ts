import type { Finding } from "@libs/problems/findings";

/**
 * The first finding of each code: two checks may find the same.
 * @param findings of several checks
 * @example
 * ```ts
 * import { checkDirectUrl, checkSchema, firstOfEach } from "@libs/auth-guard/startup-check";
 *
 * const options = { databaseUrl: process.env.DATABASE_URL ?? "" };
 * const [direct, schema] = await Promise.all([checkDirectUrl(options), checkSchema(options)]);
 * export const findings = firstOfEach([...direct, ...schema.findings]);
 * ```
 */
export function firstOfEach(findings: readonly Finding[]): Finding[] {
  const byCode = new Map<string, Finding>();
  for (const found of findings) if (!byCode.has(found.code)) byCode.set(found.code, found);
  return [...byCode.values()];
}
