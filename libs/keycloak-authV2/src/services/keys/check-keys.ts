import type { StoredTokenRepository } from "@libs/database";
import type { Finding } from "@libs/problems/findings";
import { keyFindings, readRing, tryKeys } from "../../startup-check/check-key-ring.ts";
import { scanSessions } from "./scan-sessions.ts";

/** So many sessions are looked through for keys that the ring lacks. */
const SCANNED = 100_000;

/**
 * Whether the ring is valid, knows every key that stored tokens name, and opens one of each. Changes nothing.
 * @param storedTokens null: there is no database to read them from
 * @param keys the key ring, as in `TOKEN_ENCRYPTION_KEYS`
 * @returns empty: nothing is wrong
 * @example
 * ```ts
 * import { createRepositories, PrismaClient } from "@libs/database";
 * import { checkKeys } from "@libs/keycloak-authV2/services/keys";
 *
 * const { storedTokens } = createRepositories(new PrismaClient());
 * const findings = await checkKeys(storedTokens, process.env.TOKEN_ENCRYPTION_KEYS ?? "");
 * for (const { severity, what, todo } of findings) console.log(severity, what, todo);
 * ```
 */
export async function checkKeys(
  storedTokens: Pick<StoredTokenRepository, "scan" | "read"> | null,
  keys: string,
): Promise<Finding[]> {
  const ring = readRing(keys);
  if (!("keys" in ring)) return [ring];
  if (!storedTokens) return [];
  const samples = await sampleSessions(storedTokens);
  return keyFindings(tryKeys(ring, await storedTokens.read([...samples.values()])));
}

/** By key: a session that has a value under it. */
async function sampleSessions(storedTokens: Pick<StoredTokenRepository, "scan">): Promise<Map<string, string>> {
  const samples = new Map<string, string>();
  let scanned = 0;
  for await (const page of scanSessions(storedTokens)) {
    for (const { sessionId, keyIds } of page) for (const id of keyIds) samples.set(id, sessionId);
    scanned += page.length;
    if (scanned >= SCANNED) break;
  }
  return samples;
}
