import type { StoredTokenRepository } from "@libs/database";
import type { Finding } from "@libs/problems/findings";
import { scanSessions } from "../services/keys/scan-sessions.ts";
import { keyFindings, readRing, tryKeys } from "./quick/check-key-ring.ts";

/** So many sessions are looked through for keys that the ring lacks. */
const SCANNED = 100_000;

/** Whether the ring is valid, knows every key that stored tokens name, and opens one of each. */
export async function checkKeys(storedTokens: StoredTokenRepository | null, keys: string): Promise<Finding[]> {
  const ring = readRing(keys);
  if (!("keys" in ring)) return [ring];
  if (!storedTokens) return [];
  const samples = await sampleSessions(storedTokens);
  return keyFindings(tryKeys(ring, await storedTokens.read([...samples.values()])));
}

/** By key: a session that has a value under it. */
async function sampleSessions(storedTokens: StoredTokenRepository): Promise<Map<string, string>> {
  const samples = new Map<string, string>();
  let scanned = 0;
  for await (const page of scanSessions(storedTokens)) {
    for (const { sessionId, keyIds } of page) for (const id of keyIds) samples.set(id, sessionId);
    scanned += page.length;
    if (scanned >= SCANNED) break;
  }
  return samples;
}
