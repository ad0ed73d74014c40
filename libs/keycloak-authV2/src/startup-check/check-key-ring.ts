import { randomUUID } from "node:crypto";
import type { StoredTokenRepository, StoredTokens } from "@libs/database";
import { isAuthError } from "@libs/problems";
import { type Finding, finding } from "@libs/problems/findings";
import { type KeyRing, KeyRingError, keyIdOf, parseKeyRing, TokenCipher } from "../crypto/index.ts";

/** So many sessions are tried, however many there are. */
const SAMPLE = 20;

/**
 * Whether the key ring opens what is stored: tried on a few live sessions, other ones each time.
 * @param storedTokens null: there is no database to try it on
 */
export async function checkKeyRing(
  storedTokens: Pick<StoredTokenRepository, "sample"> | null,
  keys: string,
  now: () => number,
): Promise<Finding[]> {
  const ring = readRing(keys);
  if (!("keys" in ring)) return [ring];
  // Ids of users are random: so is where the sample begins.
  const rows = storedTokens ? await storedTokens.sample(randomUUID(), SAMPLE, new Date(now())) : [];
  const tried = tryKeys(ring, rows);
  // A value of no known form is a damaged row, unless nothing else is there.
  const isDamage = tried.opened > 0;
  return keyFindings({ ...tried, unknown: tried.unknown.filter((id) => id !== "" || !isDamage) });
}

/** @returns the finding where it can't be read */
export function readRing(keys: string): KeyRing | Finding {
  try {
    return parseKeyRing(keys);
  } catch (error) {
    if (error instanceof KeyRingError) return finding("keys.invalid", error.message);
    throw error;
  }
}

export interface TriedKeys {
  /** Ids that values name and the ring lacks; empty: a value of unknown form. */
  unknown: string[];
  /** Ids under which not one of the tried values opens. */
  closed: string[];
  /** How many values opened. */
  opened: number;
}

/** Opens every value of these rows. */
export function tryKeys(ring: KeyRing, rows: readonly StoredTokens[]): TriedKeys {
  const cipher = new TokenCipher(ring);
  const opened = new Map<string, number>();
  for (const row of rows)
    for (const [column, value] of valuesOf(row)) {
      const id = keyIdOf(value);
      opened.set(id, (opened.get(id) ?? 0) + (opens(cipher, value, row.sessionId, column) ? 1 : 0));
    }
  return {
    unknown: [...opened.keys()].filter((id) => !ring.keys.has(id)),
    // One damaged value says nothing of its key: another under the same id opens.
    closed: [...opened].flatMap(([id, count]) => (ring.keys.has(id) && count === 0 ? [id] : [])),
    opened: [...opened.values()].reduce((sum, count) => sum + count, 0),
  };
}

export function keyFindings({ unknown, closed }: Pick<TriedKeys, "unknown" | "closed">): Finding[] {
  return [
    ...(unknown.length > 0 ? [finding("keys.unknown", unknown.map((id) => id || "unknown form").join(", "))] : []),
    ...(closed.length > 0 ? [finding("keys.undecryptable", closed.join(", "))] : []),
  ];
}

function valuesOf({ accessToken, refreshToken, idToken }: StoredTokens): [string, string][] {
  const columns = { access_token: accessToken, refresh_token: refreshToken, id_token: idToken };
  return Object.entries(columns).flatMap(([column, value]) => (value ? [[column, value] as [string, string]] : []));
}

function opens(cipher: TokenCipher, value: string, sessionId: string, column: string): boolean {
  try {
    cipher.decrypt(value, { sessionId, column });
    return true;
  } catch (error) {
    if (!isAuthError(error, "token.undecryptable")) throw error;
    return false;
  }
}
