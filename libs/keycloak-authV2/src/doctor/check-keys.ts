import type { StoredTokenRepository, StoredTokens } from "@libs/database";
import { KeyRingError, keyIdOf, parseKeyRing, TokenCipher } from "../crypto/index.ts";
import { isAuthError } from "../errors/index.ts";
import { scanSessions } from "../services/keys/scan-sessions.ts";
import { type Finding, finding } from "./finding.ts";

/** So many sessions are looked through for keys that the ring lacks. */
const SCANNED = 100_000;

/** Whether the ring is valid, knows every key that stored tokens name, and opens one of each. */
export async function checkKeys(storedTokens: StoredTokenRepository | null, keys: string): Promise<Finding[]> {
  try {
    const ring = parseKeyRing(keys);
    if (!storedTokens) return [];
    const samples = await sampleSessions(storedTokens);
    const unknown = [...samples.keys()].filter((id) => !ring.keys.has(id));
    const cipher = new TokenCipher(ring);
    const rows = await storedTokens.read([...samples.values()]);
    const closed = new Set(rows.flatMap((row) => closedKeys(cipher, row)).filter((id) => ring.keys.has(id)));
    return [
      ...(unknown.length > 0 ? [finding("keys.unknown", unknown.map((id) => id || "unknown form").join(", "))] : []),
      ...(closed.size > 0 ? [finding("keys.undecryptable", [...closed].join(", "))] : []),
    ];
  } catch (error) {
    if (error instanceof KeyRingError) return [finding("keys.invalid", error.message)];
    throw error;
  }
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

const COLUMNS = { accessToken: "access_token", refreshToken: "refresh_token", idToken: "id_token" } as const;

/** @returns ids of the keys under which a value of this session does not open */
function closedKeys(cipher: TokenCipher, row: StoredTokens): string[] {
  return (Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]).flatMap((field) => {
    const value = row[field];
    if (value === null) return [];
    try {
      cipher.decrypt(value, { sessionId: row.sessionId, column: COLUMNS[field] });
      return [];
    } catch (error) {
      if (!isAuthError(error, "token.undecryptable")) throw error;
      return [keyIdOf(value)];
    }
  });
}
