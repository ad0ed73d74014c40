import type { Finding } from "@libs/problems/findings";

/** Two checks may see the same. */
export function firstOfEach(findings: readonly Finding[]): Finding[] {
  const byCode = new Map<string, Finding>();
  for (const found of findings) if (!byCode.has(found.code)) byCode.set(found.code, found);
  return [...byCode.values()];
}
